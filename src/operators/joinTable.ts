import type { AnyFunction } from '../dsl/node.ts';
import type { Keyed, KeyOf, Made, MessageOf, Op, Table, ValueOf } from '../dsl/types.ts';
import { type JoinTableArguments, tableJoin } from './kernels/tableJoin.ts';

/**
 * Emits each record together with the row that the table has for its key at that moment; nothing where it has none. Of a
 * versioned table it is the row as of the record's timestamp, and with { grace } records wait for rows that come late. Behind a
 * table: a row for each key that both tables have a row for, anew with each change of either.
 *
 * Key and headers are the record's, and the timestamp too; of two rows it is the larger. Keeps no state, but for the records
 * that wait: the tables do. What has waited comes by timestamp and key; what is later than the grace does not wait.
 * Records without a key ('null-key') or a value ('null-value') are dropped. Both sides must have equally many partitions and
 * write their keys alike; a stream whose key was changed is repartitioned first. Behind a stream, changes of the table
 * emit nothing; behind a table, a function that gives null makes no row.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), joinTable(users, (order, user) => ({ ...order, name: user.name })), to('named'));
 * trades.pipe(joinTable(rates, (trade, rate) => trade.amount * rate, { grace: '10s' })); // rates: table(..., { versioned: '1h' })
 * rooms.pipe(joinTable(members, (room, names) => ({ ...room, names })), to('chat-rooms')); // rooms: Table
 */
export function joinTable<S extends Keyed, W, R>(
  table: Table<NonNullable<KeyOf<S>>, W>,
  join: (value: NonNullable<ValueOf<S>>, row: W, message: MessageOf<S>) => R,
  ...options: JoinTableArguments<S>
): Op<S, Made<S, KeyOf<S>, R>>;
export function joinTable(table: unknown, join: AnyFunction, options?: unknown): Op<Keyed, Keyed> {
  return tableJoin('joinTable', table, join, 'none', options);
}
