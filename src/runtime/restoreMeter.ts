import type { Clock } from './clock.ts';
import type { RestoreProgress } from './restoreState.ts';

export interface RestoreMeter {
  bytes: number;
  progress(restored: number, done: boolean): RestoreProgress;
}

/** Measures one restore from now on. */
export function restoreMeter(task: string, total: number, clock: Clock): RestoreMeter {
  const begun = clock.monotonic();
  return {
    bytes: 0,
    progress(restored, done) {
      const ms = clock.monotonic() - begun;
      const rate = ms > 0 ? (restored / ms) * 1_000 : 0;
      const left = rate > 0 ? ((total - restored) / rate) * 1_000 : done ? 0 : undefined;
      return { task, restored, total, bytes: this.bytes, rate, left, done };
    },
  };
}
