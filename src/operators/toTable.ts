import type { Codec } from '../dsl/codecs/codec.ts';
import { keepNewest, newestRow } from '../dsl/keepNewest.ts';
import type { Operator } from '../dsl/node.ts';
import type { AnyStream, AnyTable, KeyOf, NeedsCodec, Op, Table, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { inputNode } from './kernels/inputNode.ts';
import { type Store, type StoreOptions, storeSettings } from './kernels/storeSettings.ts';

type ToTableStore<K, V, S> = S extends NeedsCodec
  ? [store: StoreOptions<K, V> & { readonly value: Codec<V> }]
  : [store?: Store<K, V>];

/**
 * Keeps the newest value of each key, by arrival, and emits each change. A null value deletes the row.
 *
 * A table, kept in a store. Records without a key are dropped ('null-key'). Timestamps and headers stay; an older record
 * replaces a newer one.
 *
 * @example
 * const addresses = moves.pipe(keyBy((move) => move.userId), map((move) => move.address), toTable('addresses'));
 */
export function toTable<S extends AnyStream>(
  ...store: ToTableStore<NonNullable<KeyOf<S>>, NonNullable<ValueOf<S>>, S>
): Op<S, Table<NonNullable<KeyOf<S>>, NonNullable<ValueOf<S>>>>;
export function toTable(store?: unknown): Op<AnyStream, AnyTable> {
  return (input) => {
    const node = inputNode('toTable', input, ['stream']);
    const { name, key, value } = storeSettings('toTable', store, node, node.value);
    const operator: Operator = {
      kind: 'toTable',
      keyed: true,
      stores: [{ suffix: '', kind: 'keyValue', key, value }],
      run: keepNewest,
      view: newestRow,
    };
    return append(input, ['stream'], operator, { shape: 'table', name, key, value });
  };
}
