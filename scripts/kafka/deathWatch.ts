import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/*
 * Run as a process of its own beside the nodes of a cluster: `node deathWatch.ts <data folder>`. Its standard input is a
 * pipe from the process that started the cluster, which writes `+<pid>` and `-<pid>`. When that process ends, however it
 * ends, the pipe closes, and what is still running is killed (SIGKILL also ends a node that was stopped by SIGSTOP).
 */
const dataFolder = process.argv[2];
const running = new Set<number>();

// Ctrl-C in a terminal reaches the whole group; this process leaves only when the pipe closes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) running.add(pid);
  else running.delete(pid);
});
lines.once('close', () => {
  for (const pid of running) kill(pid);
  if (dataFolder !== undefined) rmSync(dataFolder, { recursive: true, force: true, maxRetries: 10 });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
