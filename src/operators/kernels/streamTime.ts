import { json } from '../../dsl/codecs/json.ts';
import { text } from '../../dsl/codecs/text.ts';
import type { StepContext, StoreSpec } from '../../dsl/node.ts';

/** A step's own stream time: the largest timestamp that has reached it, all keys together, restarts included. */
export interface StreamTime {
  /** Takes a timestamp in and gives the stream time. */
  advance(timestamp: number): number;
}

/** The store of one row that a step with a stream time of its own has to declare. */
export const streamTimeStore: StoreSpec = Object.freeze({
  suffix: 'time',
  kind: 'keyValue',
  key: text,
  value: json<number>(),
});

const row = 'streamTime';

/** Written once per commit, not per record. */
export function streamTime(task: StepContext): StreamTime {
  const store = task.store(streamTimeStore.suffix);
  let now: number | undefined;
  let saved: number | undefined;
  task.beforeCommit(() => {
    if (now === undefined || now === saved) return;
    store.put(row, now, now);
    saved = now;
  });
  return {
    advance(timestamp) {
      if (now === undefined) {
        saved = store.get(row)?.value;
        now = saved ?? timestamp;
      }
      if (timestamp > now) now = timestamp;
      return now;
    },
  };
}
