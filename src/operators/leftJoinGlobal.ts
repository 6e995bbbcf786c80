import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, GlobalTable, KeyOf, Made, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { globalJoin } from './kernels/globalJoin.ts';

/**
 * Emits each record together with the row of a global table whose key `keyOf` finds in the record, or with null where
 * there is none or `keyOf` answers null. Otherwise as joinGlobal().
 *
 * @example
 * orders.pipe(leftJoinGlobal(products, (order) => order.productId, (order, product) => ({ ...order, name: product?.name })));
 */
export function leftJoinGlobal<S extends AnyStream, G, W, R>(
  table: GlobalTable<G, W>,
  keyOf: (value: NonNullable<ValueOf<S>>, message: MessageOf<S>) => NoInfer<G> | null | undefined,
  join: (value: NonNullable<ValueOf<S>>, row: W | null, message: MessageOf<S>) => R,
): Op<S, Made<S, KeyOf<S>, R>>;
export function leftJoinGlobal(
  table: unknown,
  keyOf: AnyFunction,
  join: AnyFunction,
): Op<AnyStream, AnyStream> {
  return globalJoin('leftJoinGlobal', table, { keyOf, join, left: true });
}
