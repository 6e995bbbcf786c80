import { app } from '../../src/index.ts';
import type { SettingOptions } from '../../src/runtime/settingOptions.ts';
import { workload } from './workload.ts';

/** What fleet.ts says to this process, as JSON in its only argument. */
export interface WorkerOptions extends SettingOptions {
  readonly id: string;
  readonly prefix: string;
  readonly brokers: readonly string[];
}

/* A worker as a user's main file would be: runs until a signal ends it. Says on stdout what state it is in. */
const { id, prefix, ...options } = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const worker = app(id, { ...options, sinks: workload(prefix).sinks });
worker.states.subscribe((state) => console.log(state));
await worker.run();
