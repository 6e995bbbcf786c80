import type { KeyRange, RowRange } from '../dsl/keyRange.ts';
import type { Cell, Store } from '../dsl/node.ts';
import type { Row, Table } from './backend.ts';
import type { RowCache, Segment } from './rowCache.ts';

/**
 * State by key. What is put is frozen one level deep: a function that changes a value in place throws a TypeError, where
 * the value before would otherwise change with it. Scans give each row as it is when they come to it.
 */
export class KeyValueStore<K, V> implements Store<K, V> {
  readonly #cache: RowCache;
  readonly #rows: Segment;

  constructor(cache: RowCache, empty: boolean) {
    this.#cache = cache;
    this.#rows = cache.open(0, empty);
  }

  get(key: K): Cell<V> | undefined {
    return this.#cache.get(this.#rows, key);
  }

  put(key: K, value: V, timestamp: number): void {
    this.#cache.put(this.#rows, key, value, timestamp);
  }

  delete(key: K, timestamp: number): void {
    this.#cache.delete(this.#rows, key, timestamp);
  }

  *entries(range?: RowRange): Generator<readonly [key: K, cell: Cell<V>]> {
    const stored = this.#rows.complete ? undefined : allRows;
    const found =
      range === undefined
        ? this.#cache.scan([this.#rows], undefined, stored)
        : this.#cache.scanRange(this.#rows, range);
    for (const { key, cell } of found) yield [key as K, cell];
  }

  *group(range: KeyRange): Generator<readonly [key: K, cell: Cell<V>]> {
    for (const { key, cell } of this.#cache.scanGroup(this.#rows, range)) yield [key as K, cell];
  }
}

const allRows = (table: Table): Iterable<Row> => table.rows();
