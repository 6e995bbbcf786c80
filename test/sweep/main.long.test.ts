import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../kit/tempFolder.ts';

function sweep(
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  const script = ['--conditions=millrace:source', join(import.meta.dirname, 'main.ts'), ...parameters];
  const { CI: _, MILLRACE_ORACLE: __, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, script, { env: { ...env, ...environment } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: `${stdout}${stderr}` });
    });
  });
}

/** Answers every case with the same: this program stands in for Kafka Streams. */
const always = (answer: object): NodeJS.ProcessEnv => ({
  MILLRACE_ORACLE: `${JSON.stringify(process.execPath)} ${JSON.stringify(join(import.meta.dirname, 'oracle.child.ts'))}`,
  ANSWER: JSON.stringify(answer),
});

describe('npm run sweep', { timeout: 60_000 }, () => {
  it('says that it was skipped where there is no Java, which is a failure only where nobody reads that', async () => {
    const skipped = await sweep(['--cases=1'], { JAVA_HOME: '/nowhere' });
    expect(skipped).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^The sweep was skipped: .*Java/),
    });
    expect(await sweep(['--cases=1'], { JAVA_HOME: '/nowhere', CI: 'true' })).toMatchObject({ code: 1 });
  });

  it('refuses areas and numbers that it does not know', async () => {
    expect(await sweep(['--area=weather'], {})).toMatchObject({
      code: 2,
      output: expect.stringContaining('pipeline'),
    });
    expect(await sweep(['--cases=many'], {})).toMatchObject({ code: 2 });
  });

  it('ends with how many cases there were and how many differ', async () => {
    const keep = tempFolder();
    const refused = { expected: { error: { phase: 'build' } } };
    const { code, output } = await sweep(
      ['--cases=4', '--area=grouping', '--show=1', `--keep=${keep}`],
      always(refused),
    );
    expect(readdirSync(keep)).toHaveLength(4);
    expect(code).toBe(1);
    expect(output).toContain('- Kafka Streams, + millrace:\n  error: expected while building, found none');
    expect(output.trimEnd().split('\n').at(-1)).toBe('4 cases, 4 differences');
  });

  it('fails when what it asks ends', async () => {
    const { code, output } = await sweep(['--cases=1'], { MILLRACE_ORACLE: 'echo no oracle >&2; exit 3' });
    expect(code).not.toBe(0);
    expect(output).toContain('no oracle');
  });
});
