import { newestRow } from '../../dsl/keepNewest.ts';
import type { Operator, Receive, StepContext } from '../../dsl/node.ts';
import { type Fold, guardedFold, newRow } from './guardedFold.ts';

/**
 * One row per key, of as many streams as there are folds. Records without a key or a value are dropped; results carry the largest
 * timestamp that went in.
 */
export function streamAggregation(folds: readonly Fold[]): Pick<Operator, 'run' | 'view'> {
  return { run: (task, emit) => folds.map((fold) => receiver(task, emit, fold)), view: newestRow };
}

function receiver(task: StepContext, emit: Receive, fold: Fold): Receive {
  const { first, add } = fold;
  const store = task.store();
  const begin = guardedFold(task, first);
  const step = guardedFold(task, add);
  const none = newRow(task, fold);
  return (message) => {
    const { key, value, headers } = message;
    if (key === null) return task.drop('null-key', message);
    if (value === null) return task.drop('null-value', message);
    const row = store.get(key);
    const after = row === undefined ? begin(value, message) : step(row.value, value, message);
    const timestamp =
      row === undefined || row.timestamp < message.timestamp ? message.timestamp : row.timestamp;
    if (after === null) store.delete(key, timestamp);
    else store.put(key, after, timestamp);
    const before: unknown = row === undefined ? none() : row.value;
    emit({ key, value: { before, after }, timestamp, headers });
  };
}
