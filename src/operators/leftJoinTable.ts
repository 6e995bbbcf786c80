import type { AnyFunction } from '../dsl/node.ts';
import type { Keyed, KeyOf, Made, MessageOf, Op, Table, ValueOf } from '../dsl/types.ts';
import { type JoinTableArguments, tableJoin } from './kernels/tableJoin.ts';

/**
 * Emits each record together with the row that the table has for its key at that moment, or with null where it has none.
 * Behind a table: a row for each of its rows, anew with each change of either table.
 *
 * As joinTable(), but records without a key are joined with null, not dropped; those without a value are ('null-value').
 *
 * @example
 * orders.pipe(leftJoinTable(users, (order, user) => ({ ...order, name: user?.name ?? 'unknown' })), to('named-orders'));
 */
export function leftJoinTable<S extends Keyed, W, R>(
  table: Table<NonNullable<KeyOf<S>>, W>,
  join: (value: NonNullable<ValueOf<S>>, row: W | null, message: MessageOf<S>) => R,
  ...options: JoinTableArguments<S>
): Op<S, Made<S, KeyOf<S>, R>>;
export function leftJoinTable(table: unknown, join: AnyFunction, options?: unknown): Op<Keyed, Keyed> {
  return tableJoin('leftJoinTable', table, join, 'left', options);
}
