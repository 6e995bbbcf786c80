import { app } from '../../src/index.ts';
import type { SettingOptions } from '../../src/runtime/settingOptions.ts';
import { guardedJob } from '../kit/guardedJob.ts';

/** What workerProcess.ts says to this process, as JSON in its only argument. */
export interface WorkerOptions extends SettingOptions {
  readonly id: string;
  readonly prefix: string;
  readonly brokers: readonly string[];
}

/* A worker as a user's main file would be: runs until a signal ends it. Says on stdout what state it is in. */
const { id, prefix, ...options } = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const worker = app(id, { ...options, sinks: guardedJob(prefix).sinks });
worker.states.subscribe((state) => console.log(state));
worker.standbys.subscribe((standby) => process.send?.({ standby }));
worker.restores.subscribe((restore) => process.send?.({ restore }));
// A message keeps the event loop from doing anything else for this share of the session.
process.on('message', (share: number) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(options.sessionTimeout) * share);
  process.send?.('done');
});
process.channel?.unref();
await worker.run();
