import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');

/**
 * Runs a command of the project's own tools in the project's folder, its output shown; resolves with its exit code.
 * `environment` is on top of that of this process.
 */
export function run(
  command: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<number> {
  const env = { ...withTools(), ...environment };
  const child = spawn(command, parameters, { cwd: root, stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // Ended by a signal: no code, and certainly no success.
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** As npm does for its scripts: the project's tools, among them its own Node, come first. */
export function withTools(): NodeJS.ProcessEnv {
  const tools = join(root, 'node_modules/.bin');
  return { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH']}` };
}
