import type { Codec } from '../dsl/codecs/codec.ts';
import { keepRows } from '../dsl/keepRows.ts';
import type { Operator } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyStream, AnyTable, KeyOf, NeedsCodec, Op, Table, ValueOf } from '../dsl/types.ts';
import { type Duration, milliseconds } from '../dsl/windows/duration.ts';
import { append } from './kernels/append.ts';
import { inputNode } from './kernels/inputNode.ts';
import { type StoreOptions, storeSettings } from './kernels/storeSettings.ts';

export interface ToTableOptions<K, V> extends Omit<StoreOptions<K, V>, 'retention' | 'before'> {
  /**
   * Keeps what rows were, so long back in stream time, for stream-table joins as of the records' timestamps. Records go by their
   * timestamps: late ones take their place in the past, those older than this are dropped ('late'). Default: not at all.
   */
  readonly versioned?: Duration | undefined;
}

type ToTableStore<K, V, S> = S extends NeedsCodec
  ? [store: ToTableOptions<K, V> & { readonly value: Codec<V> }]
  : [store?: string | ToTableOptions<K, V>];

/**
 * Keeps the newest value of each key, by arrival, and emits each change. A null value deletes the row.
 *
 * A table, kept in a store. Records without a key are dropped ('null-key'). Timestamps and headers stay; an older record
 * replaces a newer one, unless the table is `versioned`.
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
    const { versioned, ...settings } = optionsOf(store);
    const { name, key, value } = storeSettings('toTable', settings, node, node.value);
    const history = versioned === undefined ? undefined : milliseconds(versioned, 'versioned of toTable()');
    const operator: Operator = { kind: 'toTable', keyed: true, ...keepRows(key, value, history) };
    return append(input, ['stream'], operator, { shape: 'table', name, key, value, history });
  };
}

function optionsOf(store: unknown): ToTableOptions<unknown, unknown> {
  checkOptions(
    typeof store === 'string' ? undefined : store,
    ['name', 'key', 'value', 'versioned'],
    'toTable()',
  );
  return typeof store === 'string' ? { name: store } : (store ?? {});
}
