import { app } from 'millrace';
import type { ProcessOptions, Report } from './demo/workers.ts';
import { modong } from './job.ts';

/* A worker of the demo as a process of its own: the same job, on Apache Kafka. It lives as long as who started it. */
const { id, brokers, prefix, grace, stateDir }: ProcessOptions = JSON.parse(
  process.env['MODONG_WORKER'] ?? '{}',
);
const worker = app(id, { sinks: modong({ prefix, grace }), brokers, stateDir });

const restored = new Map<string, number>();
const tell = (): void => {
  const sum = [...restored.values()].reduce((total, count) => total + count, 0);
  if (process.connected) process.send?.({ state: worker.state, restored: sum } satisfies Report);
};
worker.states.subscribe(tell);
worker.restores.subscribe((progress) => {
  restored.set(progress.task, progress.restored);
  tell();
});

// Ctrl-C reaches the whole group of processes; the demo decides when its workers stop.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.on('disconnect', () => {
  worker.stop().catch(() => {}); // `closed` tells
});

try {
  await worker.start();
  await worker.closed;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}
