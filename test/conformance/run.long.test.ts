import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const here = import.meta.dirname;

function conformance(...parameters: string[]): Promise<{ code: number; lines: string[] }> {
  const script = ['--conditions=millrace:source', join(here, 'run.ts'), ...parameters];
  return new Promise((resolve) => {
    execFile(process.execPath, script, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, lines: `${stdout}${stderr}`.trimEnd().split('\n') });
    });
  });
}

/** A folder with one case that passes, and others made of it. */
function folder(others: readonly object[] = []): string {
  const path = mkdtempSync(join(tmpdir(), 'conformance-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  cpSync(join(here, 'cases/count-by-key.json'), join(path, 'count-by-key.json'));
  writeFileSync(join(path, 'others.jsonl'), others.map((other) => JSON.stringify(other)).join('\n'));
  return path;
}

const source = { id: 'in', op: 'stream', topic: 'in' };
const wrong = {
  name: 'wrong',
  area: 'stateless',
  topology: [source, { id: 'sink', op: 'to', in: ['in'], topic: 'out' }],
  inputs: [{ topic: 'in', key: 'a', value: 'x', timestamp: 1 }],
  expected: { outputs: { out: [{ step: 0, key: 'a', value: 'y', timestamp: 1 }] }, stores: {} },
};
const ahead = { ...wrong, name: 'ahead', topology: [source, { id: 'next', op: 'teleport', in: ['in'] }] };

describe('npm run conformance', { timeout: 60_000 }, () => {
  it('ends with how many passed and failed', async () => {
    expect(await conformance(folder())).toEqual({ code: 0, lines: ['1 passed, 0 failed'] });
  });

  it('tells what differs, and fails', async () => {
    expect(await conformance(folder([wrong]), '--restarts')).toEqual({
      code: 1,
      lines: [
        'FAILED wrong (stateless)',
        '  topic out:',
        '    - step 0  "a" = "y"  at 1',
        '    + step 0  "a" = "x"  at 1',
        '1 passed, 1 failed',
      ],
    });
  });

  it('tells differences from questionable cases, which are no failures', async () => {
    const { code, lines } = await conformance(folder([{ ...wrong, quirk: 'It should not.' }]));
    expect([code, lines[0], lines[1], lines.at(-1)]).toEqual([
      0,
      'differs, which is no failure: wrong (stateless)',
      '  It should not.',
      '2 passed, 0 failed',
    ]);
  });

  it('counts what is not supported yet as failed, or not at all when asked', async () => {
    const path = folder([ahead]);
    expect(await conformance(path)).toEqual({
      code: 1,
      lines: ['not supported: teleport: ahead', '1 passed, 1 failed'],
    });
    expect(await conformance(path, '--supported')).toEqual({
      code: 0,
      lines: ['not supported: teleport: ahead', '1 passed, 0 failed'],
    });
  });

  it('runs on a cluster whose instances are killed', async () => {
    expect(await conformance(folder(), '--partitions=3', '--instances=2', '--crash', '--seed=5')).toEqual({
      code: 0,
      lines: [
        '1 cases come out on 3 partitions as on one; in the others time is not shared',
        '1 passed, 0 failed',
      ],
    });
    expect(await conformance(folder([wrong]), '--partitions=1', '--crash')).toMatchObject({
      code: 1,
      lines: expect.arrayContaining(['    + step 0  "a" = "x"  at 1', '1 passed, 1 failed']),
    });
  });

  it('says how it is used, and refuses folders without cases', async () => {
    expect((await conformance()).lines[0]).toContain('usage: npm run conformance');
    const empty = mkdtempSync(join(tmpdir(), 'conformance-'));
    onTestFinished(() => rmSync(empty, { recursive: true }));
    expect(await conformance(empty)).toMatchObject({ code: 2 });
  });
});
