import type { StepContext } from '../../dsl/node.ts';
import { savedNumber } from './savedNumber.ts';

/** A step's own stream time: the largest timestamp that has reached it, all keys together, restarts included. */
export interface StreamTime {
  /** Takes a timestamp in and gives the stream time. */
  advance(timestamp: number): number;
}

/** `row` tells the stream times of a step apart, where it has one per input. */
export function streamTime(task: StepContext, row = 'streamTime'): StreamTime {
  const saved = savedNumber(task, row);
  let now: number | undefined;
  return {
    advance(timestamp) {
      now ??= saved.get() ?? Number.NEGATIVE_INFINITY;
      if (timestamp > now) {
        now = timestamp;
        saved.set(now);
      }
      return now;
    },
  };
}
