import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, GlobalTable, KeyOf, Made, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { globalJoin } from './kernels/globalJoin.ts';

/**
 * Emits each record together with the row of a global table whose key `keyOf` finds in the record, as the row is at that
 * moment; nothing where there is none.
 *
 * Key, timestamp and headers are the record's; nothing is repartitioned. Keeps no state: the table does. Records without a
 * value ('null-value') and those for which `keyOf` answers null ('null-key') are dropped.
 *
 * @example
 * orders.pipe(joinGlobal(products, (order) => order.productId, (order, product) => order.quantity * product.price));
 */
export function joinGlobal<S extends AnyStream, G, W, R>(
  table: GlobalTable<G, W>,
  keyOf: (value: NonNullable<ValueOf<S>>, message: MessageOf<S>) => NoInfer<G> | null | undefined,
  join: (value: NonNullable<ValueOf<S>>, row: W, message: MessageOf<S>) => R,
): Op<S, Made<S, KeyOf<S>, R>>;
export function joinGlobal(table: unknown, keyOf: AnyFunction, join: AnyFunction): Op<AnyStream, AnyStream> {
  return globalJoin('joinGlobal', table, { keyOf, join, left: false });
}
