import { json } from '../../dsl/codecs/json.ts';
import { text } from '../../dsl/codecs/text.ts';
import type { StepContext, StoreSpec } from '../../dsl/node.ts';

/** A number that a step knows again after a restart. */
export interface SavedNumber {
  /** undefined before the first set. */
  get(): number | undefined;
  set(value: number): void;
}

/** The store that a step with saved numbers has to declare: a row for each. */
export const savedNumbers: StoreSpec = Object.freeze({
  suffix: 'time',
  kind: 'keyValue',
  key: text,
  value: json<number>(),
});

/** Written once per commit, not each time it is set. `row` tells the numbers of a step apart. */
export function savedNumber(task: StepContext, row: string): SavedNumber {
  const store = task.store(savedNumbers.suffix);
  let value: number | undefined;
  let saved: number | undefined;
  let read = false;
  task.beforeCommit(() => {
    if (value === undefined || value === saved) return;
    store.put(row, value, Math.max(0, value));
    saved = value;
  });
  return {
    get() {
      if (!read) {
        read = true;
        saved = store.get(row)?.value;
        value = saved;
      }
      return value;
    },
    set(next) {
      read = true;
      value = next;
    },
  };
}
