import type { AnyTable, Grouped, KeyOf, Op, Table } from '../dsl/types.ts';
import { aggregation } from './kernels/aggregation.ts';
import type { StoredKey } from './kernels/guardedFold.ts';
import type { Store } from './kernels/storeSettings.ts';

/**
 * Emits how many records each key has had, per window behind window(); of a grouped table, how many rows each group has.
 *
 * A table, kept in a store. Records without a key are dropped ('null-key'), without a value too ('null-value') except in
 * windows; the result carries the largest timestamp counted. A group that has lost its last row stays, with 0. Counts are
 * written as JSON numbers unless the store names another codec, as int64.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), count('orders-by-user'), to('orders-by-user'));
 */
export function count<S extends Grouped>(
  store?: Store<StoredKey<S>, number>,
): Op<S, Table<NonNullable<KeyOf<S>>, number>>;
export function count(store?: unknown): Op<Grouped, AnyTable> {
  const fold = {
    initial: () => 0,
    first: () => 1,
    add: (counted: number) => counted + 1,
    subtract: (counted: number) => counted - 1,
    merge: (a: number, b: number) => a + b,
  };
  return aggregation({ kind: 'count', fold, store });
}
