import type { AnyFunction } from '../dsl/node.ts';
import type { AnyTable, Grouped, KeyOf, MessageOf, Op, Table } from '../dsl/types.ts';
import { aggregation } from './kernels/aggregation.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { finite } from './kernels/finite.ts';
import type { Input, StoredKey } from './kernels/guardedFold.ts';
import type { Store } from './kernels/storeSettings.ts';

/**
 * Emits the sum, per key, of the numbers that the function finds in the records; per window behind window(); of a grouped
 * table, over the rows of each group, rows that change or go being taken out.
 *
 * A table, kept in a store. Records without a key are dropped ('null-key'), without a value too ('null-value') except in
 * windows; the result carries the largest timestamp that went in. What is not a finite number fails the record. Sums are
 * written as JSON numbers unless the store names another codec.
 *
 * @example
 * orders.pipe(keyBy((order) => order.shop), window(tumbling('1m')), sum((order) => order.amount), to('revenue'));
 */
export function sum<S extends Grouped>(
  numberOf: (value: Input<S>, message: MessageOf<S>) => number,
  store?: Store<StoredKey<S>, number>,
): Op<S, Table<NonNullable<KeyOf<S>>, number>>;
export function sum(numberOf: AnyFunction, store?: unknown): Op<Grouped, AnyTable> {
  checkFunction(numberOf, 'function of sum()');
  const term: AnyFunction = (value, message) => finite(numberOf(value, message), 'sum()');
  const fold = {
    first: term,
    add: (total: number, value: unknown, message: unknown) => finite(total + term(value, message), 'sum()'),
    subtract: (total: number, value: unknown, message: unknown) => total - term(value, message),
    merge: (a: number, b: number) => finite(a + b, 'sum()'),
  };
  return aggregation({ kind: 'sum', fold, store });
}
