import type { Codec } from '../dsl/codecs/codec.ts';
import type { AnyFunction } from '../dsl/node.ts';
import type {
  AnyGroupedTable,
  AnyTable,
  Grouped,
  KeyOf,
  MessageOf,
  NeedsCodec,
  Op,
  Table,
  ValueOf,
} from '../dsl/types.ts';
import { aggregation } from './kernels/aggregation.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { foldArguments } from './kernels/foldArguments.ts';
import type { Input, StoredKey } from './kernels/guardedFold.ts';
import type { Store, StoreOptions } from './kernels/storeSettings.ts';

/** Combines two values into one, or gives null to delete the row. */
export type Reducer<S extends Grouped> = (
  accumulator: NonNullable<ValueOf<S>>,
  value: Input<S>,
  message: MessageOf<S>,
) => ValueOf<S> | null;

/** Rows are written as the records were, so a codec has to be named only where none is known. */
type ReduceStore<S extends Grouped> = S extends NeedsCodec
  ? [
      store: StoreOptions<StoredKey<S>, NonNullable<ValueOf<S>>> & {
        readonly value: Codec<NonNullable<ValueOf<S>>>;
      },
    ]
  : [store?: Store<StoredKey<S>, NonNullable<ValueOf<S>>>];

type ReduceArguments<S extends Grouped> = S extends AnyGroupedTable
  ? [subtract: Reducer<S>, ...ReduceStore<S>]
  : ReduceStore<S>;

/**
 * Emits, per key, the values of all its records combined two by two, beginning with the first value as it is; per window
 * behind window(). Behind groupBy(), a second function takes a row out again that changes or goes.
 *
 * A table, kept in a store, of values as those that come in and written as they are. Records without a key are dropped
 * ('null-key'), without a value too ('null-value') except in windows. The result carries the largest timestamp that went
 * in; null deletes the row, and the next value begins anew. Return a new value: changing the accumulator throws.
 *
 * @example
 * bids.pipe(keyBy((bid) => bid.item), reduce((best, bid) => (bid.price > best.price ? bid : best)), to('best-bids'));
 */
export function reduce<S extends Grouped>(
  add: Reducer<S>,
  ...rest: ReduceArguments<S>
): Op<S, Table<NonNullable<KeyOf<S>>, NonNullable<ValueOf<S>>>>;
export function reduce(add: AnyFunction, ...rest: readonly unknown[]): Op<Grouped, AnyTable> {
  checkFunction(add, 'function of reduce()');
  const first = (value: unknown): unknown => value;
  return aggregation({ kind: 'reduce', rows: 'input', ...foldArguments({ first, add, merge: add }, rest) });
}
