import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'millrace-ci-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, '.ci'));
cpSync(join(import.meta.dirname, '../../.ci/run'), join(folder, '.ci/run'));

/** Runs .ci/run with an npm that does what is given, in shell, for `npm install` and `npm test`. */
function ciRun(install: string, test: string): { code: number | null; lastLine: string | undefined } {
  const npm = `#!/bin/sh\ncase $1 in install) ${install} ;; test) ${test} ;; *) exit 9 ;; esac\n`;
  writeFileSync(join(folder, 'npm'), npm, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  const { status, stdout } = spawnSync(join(folder, '.ci/run'), { encoding: 'utf8', env });
  return { code: status, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

const summary = (line: string): string => `echo '${line}'; echo '${line}' >"$MILLRACE_TEST_SUMMARY"`;

describe('.ci/run', () => {
  it('ends with what npm test counted', () => {
    const run = ciRun('exit 0', `${summary('12 passed, 0 failed')}; exit 0`);
    expect(run).toEqual({ code: 0, lastLine: '12 passed, 0 failed' });
  });

  it('ends with failures, whatever npm prints behind them', () => {
    const run = ciRun('exit 0', `${summary('12 passed, 3 failed')}; echo 'npm error'; exit 1`);
    expect(run).toEqual({ code: 1, lastLine: '12 passed, 3 failed' });
  });

  it.each([
    ['installing fails', 'exit 1', 'exit 0'],
    ['npm test crashes', 'exit 0', 'exit 134'],
    ['npm test says passed and nothing is in the summary', 'exit 0', "echo '9 passed, 0 failed'; exit 0"],
    [
      'npm test counts no failure and yet exits with an error',
      'exit 0',
      `${summary('9 passed, 0 failed')}; exit 7`,
    ],
  ])('ends with a failure when %s', (_, install, test) => {
    const { code, lastLine } = ciRun(install, test);
    expect(code).not.toBe(0);
    expect(lastLine).toBe('0 passed, 1 failed');
  });
});
