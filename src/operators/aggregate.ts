import type { AnyFunction } from '../dsl/node.ts';
import type {
  AnyGroupedTable,
  AnyTable,
  Grouped,
  InSessions,
  KeyOf,
  MessageOf,
  Op,
  Table,
} from '../dsl/types.ts';
import { aggregation } from './kernels/aggregation.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { foldArguments } from './kernels/foldArguments.ts';
import type { Input, StoredKey } from './kernels/guardedFold.ts';
import type { StoreArgument } from './kernels/storeSettings.ts';

/** Makes the new row of the old one and a value, or gives null to delete it. */
export type Aggregator<S extends Grouped, A> = (
  accumulator: A,
  value: Input<S>,
  message: MessageOf<S>,
) => A | null;

/** Makes one row of the initial value, or what became of earlier sessions, and of a later one; or gives null to begin anew. */
export type Merger<S extends Grouped, A> = (
  earlier: A,
  later: NonNullable<A>,
  message: MessageOf<S>,
) => A | null;

type AggregateArguments<S extends Grouped, A> = S extends AnyGroupedTable
  ? [subtract: Aggregator<S, A>, ...StoreArgument<StoredKey<S>, NonNullable<A>>]
  : S extends InSessions
    ? [merge: Merger<S, A>, ...StoreArgument<StoredKey<S>, NonNullable<A>>]
    : StoreArgument<StoredKey<S>, NonNullable<A>>;

/**
 * Emits, per key, what the function makes of its records one after the other, beginning with the initial value; per window
 * behind window(). Behind groupBy(), a second function takes a row out again that changes or goes; behind window(session()), it merges
 * the rows of sessions that have become one, beginning with the initial value.
 *
 * A table, kept in a store. Records without a key are dropped ('null-key'), without a value too ('null-value') except in
 * windows. The result carries the largest timestamp that went in; null deletes the row, and the next record begins with
 * the initial value. Return a new value: changing the accumulator throws. Rows are written as JSON; what JSON cannot carry
 * needs a codec.
 *
 * @example
 * orders.pipe(
 *   keyBy((order) => order.userId),
 *   aggregate(() => ({ orders: 0, amount: 0 }), (total, order) => ({ orders: total.orders + 1, amount: total.amount + order.amount })),
 * );
 */
export function aggregate<S extends Grouped, A>(
  initial: () => A,
  add: Aggregator<S, A>,
  ...rest: AggregateArguments<S, NoInfer<A>>
): Op<S, Table<NonNullable<KeyOf<S>>, NonNullable<A>>>;
export function aggregate(
  initial: AnyFunction,
  add: AnyFunction,
  ...rest: readonly unknown[]
): Op<Grouped, AnyTable> {
  checkFunction(initial, 'initial value of aggregate()');
  checkFunction(add, 'function of aggregate()');
  const first: AnyFunction = (value, message) => add(initial(), value, message);
  const described = foldArguments({ first, add, initial: initial as () => unknown }, rest, [
    'groupedTable',
    'windowed',
  ]);
  return aggregation({ kind: 'aggregate', ...described });
}
