import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, AnyTable, AnyWindowed, Grouped, KeyOf, MessageOf, Op, Table } from '../dsl/types.ts';
import { extreme } from './kernels/extreme.ts';
import type { Input, StoredKey } from './kernels/guardedFold.ts';
import type { Store } from './kernels/storeSettings.ts';

/**
 * Emits the largest of the numbers that the function finds in the records of each key; per window behind window().
 *
 * A table, kept in a store. Records without a key are dropped ('null-key'), without a value too ('null-value') except in
 * windows; the result carries the largest timestamp that went in. What is not a finite number fails the record. Not for
 * grouped tables: the largest number cannot be told any more when its row goes; use aggregate() there.
 *
 * @example
 * readings.pipe(keyBy((reading) => reading.sensor), window(tumbling('1h')), max((reading) => reading.celsius));
 */
export function max<S extends AnyStream | AnyWindowed>(
  numberOf: (value: Input<S>, message: MessageOf<S>) => number,
  store?: Store<StoredKey<S>, number>,
): Op<S, Table<NonNullable<KeyOf<S>>, number>>;
export function max(numberOf: AnyFunction, store?: unknown): Op<Grouped, AnyTable> {
  return extreme('max', numberOf, (candidate, best) => candidate > best, store);
}
