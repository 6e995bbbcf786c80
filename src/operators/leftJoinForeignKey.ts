import type { AnyFunction } from '../dsl/node.ts';
import type { AnyTable, KeyOf, MessageOf, Op, Table, ValueOf } from '../dsl/types.ts';
import { type ForeignKeyArguments, foreignKeyJoin } from './kernels/foreignKeyJoin.ts';

/**
 * A row for each row of a table, together with the row of another table that it refers to, or with null where there is none;
 * anew with each change of either.
 *
 * As joinForeignKey(), but rows that refer to no row, or to one that is not there, are joined with null.
 *
 * @example
 * orders.pipe(
 *   leftJoinForeignKey(users, (order) => order.userId, (order, user) => ({ ...order, name: user?.name ?? 'unknown' })),
 *   to('orders-with-name'),
 * );
 */
export function leftJoinForeignKey<S extends AnyTable, T extends AnyTable, R>(
  right: T,
  foreignKey: (row: ValueOf<S>, message: MessageOf<S>) => KeyOf<T> | null | undefined,
  join: (left: ValueOf<S>, right: ValueOf<T> | null, message: MessageOf<S>) => R,
  ...options: ForeignKeyArguments<S, T, NoInfer<R>>
): Op<S, Table<KeyOf<S>, NonNullable<R>>>;
export function leftJoinForeignKey(
  table: unknown,
  foreignKey: AnyFunction,
  join: AnyFunction,
  options?: unknown,
): Op<AnyTable, AnyTable> {
  return foreignKeyJoin('leftJoinForeignKey', { table, foreignKey, join, options, left: true });
}
