import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { brokers } from './brokers.ts';

const program = join(import.meta.dirname, '../runtime/transport/kafka/children/quiet.child.ts');
const { NODE_OPTIONS: _, ...env } = process.env;
const run = (version: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)('npx', ['-y', `node@${version}`, ...args], { env, timeout: 100_000 });

/** The newest of each line that millrace supports, from the registry; one that cannot be had is skipped, but not under CI. */
describe('Node.js', () => {
  it.for(['22', '24', '26'])(
    '%s prints no warning of any kind while millrace talks to a broker',
    async (version, { skip }) => {
      const found = await run(version, '--version').catch((error: unknown) => error as Error);
      if (found instanceof Error && !process.env['CI'])
        skip(`node@${version} cannot be had: ${found.message}`);
      expect(found).toMatchObject({ stdout: expect.stringContaining(`v${version}.`) });
      expect(await run(version, program, brokers[0]!)).toEqual({ stdout: 'done\n', stderr: '' });
    },
  );
});
