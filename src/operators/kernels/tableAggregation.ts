import { newestRow } from '../../dsl/keepNewest.ts';
import type { Operator } from '../../dsl/node.ts';
import { type Fold, guardedFold } from './guardedFold.ts';

/**
 * One row per group of a regrouped table: what a row of the table was is taken out, then what it is now is added, and
 * there is one result. Nothing is taken out of a group that has no row.
 */
export function tableAggregation({
  first,
  add,
  subtract,
}: Required<Pick<Fold, 'first' | 'add' | 'subtract'>>): Pick<Operator, 'run' | 'view'> {
  return {
    run(task, emit) {
      const store = task.store();
      const begin = guardedFold(task, first);
      const put = guardedFold(task, add);
      const take = guardedFold(task, subtract);
      return [
        ({ key, value: change, timestamp: at, headers }) => {
          const row = store.get(key);
          const before: unknown = row === undefined ? null : row.value;
          let after = before;
          if (change.before !== null && after !== null) {
            after = take(after, change.before, { key, value: change.before, timestamp: at, headers });
          }
          if (change.after !== null) {
            const message = { key, value: change.after, timestamp: at, headers };
            after = after === null ? begin(change.after, message) : put(after, change.after, message);
          } else if (row === undefined) return;
          const timestamp = row === undefined || row.timestamp < at ? at : row.timestamp;
          if (after === null) store.delete(key, timestamp);
          else store.put(key, after, timestamp);
          emit({ key, value: { before, after }, timestamp, headers });
        },
      ];
    },
    view: newestRow,
  };
}
