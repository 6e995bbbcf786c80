import type { AnyFunction } from '../dsl/node.ts';
import type { AnyTable, KeyOf, MessageOf, Op, Table, ValueOf } from '../dsl/types.ts';
import { type ForeignKeyArguments, foreignKeyJoin } from './kernels/foreignKeyJoin.ts';

/**
 * A row for each row of a table that refers to one of another table, anew with each change of either. The foreign key is what
 * the function makes of a row: null or undefined refers to none ('null-key'). Many rows may refer to the same one.
 *
 * Rows keep the key of the left table and are kept in a store. The timestamp is the larger of the two rows' when the left row has
 * changed, else that of the right row; a change of a right row reaches the left ones in the order of their keys. A function
 * that gives null makes no row. The tables need not be partitioned alike: what a row asks and the answer travel through two
 * repartition topics, and an answer that is not for the row as it is now is left out. JSON writes results; what it cannot
 * carry needs a codec.
 *
 * @example
 * orders.pipe(
 *   joinForeignKey(users, (order) => order.userId, (order, user) => ({ ...order, name: user.name })),
 *   to('orders-with-name'),
 * ); // orders, users: Table
 */
export function joinForeignKey<S extends AnyTable, T extends AnyTable, R>(
  right: T,
  foreignKey: (row: ValueOf<S>, message: MessageOf<S>) => KeyOf<T> | null | undefined,
  join: (left: ValueOf<S>, right: ValueOf<T>, message: MessageOf<S>) => R,
  ...options: ForeignKeyArguments<S, T, NoInfer<R>>
): Op<S, Table<KeyOf<S>, NonNullable<R>>>;
export function joinForeignKey(
  table: unknown,
  foreignKey: AnyFunction,
  join: AnyFunction,
  options?: unknown,
): Op<AnyTable, AnyTable> {
  return foreignKeyJoin('joinForeignKey', { table, foreignKey, join, options, left: false });
}
