import type { AnyFunction } from '../dsl/node.ts';
import type { Keep, Keyed, KeyOf, MessageOf, Op, ValueOf, With } from '../dsl/types.ts';
import { selection } from './kernels/selection.ts';

/**
 * Emits the records for which the predicate answers true; of a table, the rows. A type predicate narrows the values.
 *
 * Key, timestamp and headers stay. Keeps no state. A stream's predicate is asked about null values too; a row that no
 * longer passes is deleted (one tombstone, only where it passed before), and rows that are not there are not asked about.
 *
 * @example
 * orders.pipe(filter((order) => order.amount > 0), to('paid-orders'));
 */
export function filter<S extends Keyed, W extends ValueOf<S>>(
  predicate: (value: ValueOf<S>, message: MessageOf<S>) => value is W,
): Op<S, Keep<S, With<S, KeyOf<S>, W>>>;
export function filter<S extends Keyed>(
  predicate: (value: ValueOf<S>, message: MessageOf<S>) => boolean,
): Op<S, S>;
export function filter(predicate: AnyFunction): Op<Keyed, Keyed> {
  return selection('filter', predicate);
}
