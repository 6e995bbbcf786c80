import type { Receive, StepContext, View } from './node.ts';

/** A table's store: the last writer wins by arrival, whatever the timestamps say. What changes nothing is passed on too. */
export function keepNewest(task: StepContext, emit: Receive): readonly Receive[] {
  const store = task.store();
  return [
    (message) => {
      const { key, value, timestamp, headers } = message;
      if (key === null) return task.drop('null-key', message);
      const before: unknown = store.get(key)?.value ?? null;
      if (value === null) store.delete(key, timestamp);
      else store.put(key, value, timestamp);
      emit({ key, value: { before, after: value }, timestamp, headers });
    },
  ];
}

/** The view of a step that keeps one row per key in its only store. */
export function newestRow(task: StepContext): View {
  const store = task.store();
  return (key) => store.get(key);
}
