import { spawn } from 'node:child_process';
import { withTools } from '../test/run.ts';

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
}

/** Runs a command and keeps what it says. */
export function finish(
  command: string,
  parameters: readonly string[],
  options: RunOptions,
): Promise<Finished> {
  const child = spawn(command, parameters, {
    env: withTools(),
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command that says nothing unless it fails; then throws with what it said. */
export async function quietly(
  command: string,
  parameters: readonly string[],
  options: RunOptions,
): Promise<string> {
  const { code, output } = await finish(command, parameters, options);
  if (code !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with code ${code}:\n${output}`);
  return output;
}
