import { spawn } from 'node:child_process';

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs an example as a user does, with no brokers in the environment. */
export function runExample(name: string, ...parameters: string[]): Promise<Ended> {
  const { KAFKA_BROKERS: _kafka, MILLRACE_BROKERS: _millrace, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--conditions=millrace:source', 'examples/run.ts', name, ...parameters],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ stdout, stderr, code }));
  });
}
