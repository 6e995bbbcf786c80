import type { AnyFunction } from '../dsl/node.ts';
import type { Keyed, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { selection } from './kernels/selection.ts';

/**
 * Emits the records for which the predicate answers false; of a table, the rows. Otherwise as filter().
 *
 * Key, timestamp and headers stay. Keeps no state.
 *
 * @example
 * orders.pipe(filterNot((order) => order.test), to('real-orders'));
 */
export function filterNot<S extends Keyed>(
  predicate: (value: ValueOf<S>, message: MessageOf<S>) => boolean,
): Op<S, S>;
export function filterNot(predicate: AnyFunction): Op<Keyed, Keyed> {
  checkFunction(predicate, 'predicate of filterNot()');
  return selection('filterNot', (value, message) => !predicate(value, message));
}
