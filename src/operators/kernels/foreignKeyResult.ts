import { newestRow } from '../../dsl/keepNewest.ts';
import type { AnyCodec, AnyFunction, Operator, StoreSpec } from '../../dsl/node.ts';
import { guardedFold } from './guardedFold.ts';
import { type Answer, rowHash } from './rowHash.ts';

export interface Resulting {
  readonly kind: string;
  /** (left, right, message): the new row, or null for none. */
  readonly join: AnyFunction;
  readonly left: boolean;
  /** Writes left rows. */
  readonly row: AnyCodec;
  readonly store: StoreSpec;
}

/** Last step of a foreign-key join, where the left rows are: joins them, as they are now, with the answers that are still for them. */
export function foreignKeyResult({ kind, join, left, row, store: spec }: Resulting): Operator {
  return {
    kind,
    keyed: true,
    stores: [spec],
    run(task, emit) {
      const store = task.store();
      const rowOf = task.view(0);
      const combine = guardedFold(task, join);
      const hashOf = task.guard(rowHash(row));
      return [
        () => {},
        ({ key, value, timestamp, headers }) => {
          const { header, body: right }: Answer = value;
          const current: unknown = rowOf(key)?.value ?? null;
          const [, hash, news] = header;
          if (hashOf(current) !== hash) return; // has changed since it asked: another answer is on its way
          const joins = current !== null && (left || right !== null);
          const after = joins ? combine(current, right, { key, value: current, timestamp, headers }) : null;
          const before: unknown = store.get(key)?.value ?? null;
          if (before === null && after === null && !news) return;
          if (after === null) store.delete(key, timestamp);
          else store.put(key, after, timestamp);
          emit({ key, value: { before, after }, timestamp, headers });
        },
      ];
    },
    view: newestRow,
  };
}
