import type { Message } from '../dsl/message.ts';
import type { AnyFunction } from '../dsl/node.ts';
import type { AnyTable, Keyed, KeyOf, Made, Op, Table, ValueOf } from '../dsl/types.ts';
import { tableJoin } from './kernels/tableJoin.ts';

/**
 * A row for each key that one of two tables has a row for, anew with each change of either; what a side does not have is null.
 *
 * The timestamp is the larger of the two rows'. Keeps no state: the tables do. Both must have equally many partitions
 * and write their keys alike. A function that gives null makes no row.
 *
 * @example
 * orders.pipe(outerJoinTable(payments, (order, payment) => ({ ordered: order !== null, paid: payment !== null })), to('states'));
 */
export function outerJoinTable<S extends AnyTable, W, R>(
  table: Table<NonNullable<KeyOf<S>>, W>,
  join: (value: ValueOf<S> | null, row: W | null, message: Message<KeyOf<S>, ValueOf<S> | null>) => R,
): Op<S, Made<S, KeyOf<S>, R>>;
export function outerJoinTable(table: unknown, join: AnyFunction): Op<Keyed, Keyed> {
  return tableJoin('outerJoinTable', table, join, 'both');
}
