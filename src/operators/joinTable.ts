import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, KeyOf, Made, MessageOf, Op, Table, ValueOf } from '../dsl/types.ts';
import { tableJoin } from './kernels/tableJoin.ts';

/**
 * Emits each record together with the row that the table has for its key at that moment; nothing where it has none.
 *
 * Key, timestamp and headers are the record's. Keeps no state: the table does. Records without a key ('null-key') or a value
 * ('null-value') are dropped. Both sides must have equally many partitions and write their keys alike; a stream whose key
 * was changed is repartitioned first. Changes of the table emit nothing.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), joinTable(users, (order, user) => ({ ...order, name: user.name })), to('named'));
 */
export function joinTable<S extends AnyStream, W, R>(
  table: Table<NonNullable<KeyOf<S>>, W>,
  join: (value: NonNullable<ValueOf<S>>, row: W, message: MessageOf<S>) => R,
): Op<S, Made<S, KeyOf<S>, R>>;
export function joinTable(table: unknown, join: AnyFunction): Op<AnyStream, AnyStream> {
  return tableJoin('joinTable', table, { join, left: false });
}
