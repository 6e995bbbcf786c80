import type { WindowKey } from '../dsl/message.ts';
import type { Cell, Encoded, StoreSpec, WindowStore as WindowStorePort } from '../dsl/node.ts';
import type { Row, Table } from './backend.ts';
import type { RowCache, Segment } from './rowCache.ts';

/**
 * State by key and window start, a Map per start in front of one table. The largest start ever put is this store's clock:
 * rows that start at or before it less the retention are gone, whether the table has dropped them yet or not, and what
 * is put there is not kept. Values are frozen as in key-value stores.
 */
export class WindowStore<K, V> implements WindowStorePort<K, V> {
  readonly #cache: RowCache;
  readonly #size: number;
  readonly #retention: number;
  /** Windows that start later were first opened by this process and are complete in memory. */
  readonly #stored: number;
  #largest: number;
  #expired: number;
  #current: Segment | undefined;

  /** `largest` is the largest start put before, -Infinity for a store that never held a row. */
  constructor(cache: RowCache, spec: StoreSpec, largest: number) {
    this.#cache = cache;
    this.#size = spec.windowSize ?? 0;
    this.#retention = spec.retention ?? Number.POSITIVE_INFINITY;
    this.#stored = largest;
    this.#largest = largest;
    this.#expired = largest - this.#retention;
  }

  /** The largest window start ever put. */
  get largestStart(): number {
    return this.#largest;
  }

  /** Rows that start here or earlier are gone. */
  get expired(): number {
    return this.#expired;
  }

  get(key: K, start: number): Cell<V> | undefined {
    if (start <= this.#expired) return undefined;
    const segment = this.#find(start) ?? (start <= this.#stored ? this.#open(start) : undefined);
    return segment && this.#cache.get(segment, key);
  }

  put(key: K, start: number, value: V, timestamp: number): void {
    this.#advance(start);
    if (start > this.#expired) this.#cache.put(this.#find(start) ?? this.#open(start), key, value, timestamp);
  }

  delete(key: K, start: number, timestamp: number): void {
    if (start <= this.#expired || start > this.#largest) return;
    this.#cache.delete(this.#find(start) ?? this.#open(start), key, timestamp);
  }

  *fetch(key: K, from: number, to: number): Generator<readonly [start: number, cell: Cell<V>]> {
    const first = Math.max(from, this.#expired + 1);
    if (first > to) return;
    const stored = this.#mustRead(first, to)
      ? rangeOf(this.#cache.codec.encodeKey(key), first, to)
      : undefined;
    for (const row of this.#cache.scan(this.#between(first, to), key, stored)) yield [row.start, row.cell];
  }

  *between(from: number, to: number): Generator<readonly [key: WindowKey<K>, cell: Cell<V>]> {
    const first = Math.max(from, this.#expired + 1);
    const stored = this.#mustRead(first, to) ? (table: Table) => table.between(first, to) : undefined;
    const segments = this.#between(first, to);
    for (const { key, start, cell } of this.#cache.scan(segments, undefined, stored)) {
      yield [{ key: key as K, start, end: start + this.#size }, cell];
    }
  }

  entries(): Generator<readonly [key: WindowKey<K>, cell: Cell<V>]> {
    return this.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  /** Drops expired windows from memory. Not done as they expire: a jump in time would go through all windows at once. */
  forgetExpired(): void {
    for (const { start, rows } of this.#cache.segments.values()) {
      const reread = rows.size === 0 && start <= this.#stored;
      if (start <= this.#expired || reread) this.#cache.segments.delete(start);
    }
    this.#current = undefined;
  }

  #advance(start: number): void {
    if (start <= this.#largest) return;
    this.#largest = start;
    this.#expired = start - this.#retention;
  }

  #find(start: number): Segment | undefined {
    if (this.#current?.start === start) return this.#current;
    const segment = this.#cache.segments.get(start);
    if (segment !== undefined) this.#current = segment;
    return segment;
  }

  #open(start: number): Segment {
    this.#current = this.#cache.open(start, start > this.#stored);
    return this.#current;
  }

  #mustRead(from: number, to: number): boolean {
    const neverHeldRows = this.#stored === Number.NEGATIVE_INFINITY;
    return (
      (from <= this.#stored && !neverHeldRows) || this.#between(from, to).some((segment) => !segment.complete)
    );
  }

  #between(from: number, to: number): Segment[] {
    return [...this.#cache.segments.values()].filter(({ start }) => start >= from && start <= to);
  }
}

function rangeOf(key: Encoded, from: number, to: number): (table: Table) => Iterable<Row> {
  return (table) => table.range(key, from, to);
}
