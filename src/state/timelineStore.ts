import type { WindowKey } from '../dsl/message.ts';
import type { Cell, StoreSpec, WindowStore } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import { findStart } from './findStart.ts';
import type { Timelines } from './timelines.ts';

/**
 * State by key and time, for times that each key has of its own. The largest start ever put is this store's clock: rows that
 * start at or before it less the retention are gone, whether the table has dropped them yet or not, and what is put there
 * is not kept. Values are frozen as in key-value stores.
 */
export class TimelineStore<K, V> implements WindowStore<K, V> {
  readonly #timelines: Timelines;
  readonly #name: string;
  readonly #size: number;
  readonly #retention: number;
  #largest: number;
  #expired: number;

  /** `largest` is the largest start put before, -Infinity for a store that never held a row. */
  constructor(name: string, timelines: Timelines, spec: StoreSpec, largest: number) {
    this.#name = name;
    this.#timelines = timelines;
    this.#size = spec.windowSize ?? 0;
    this.#retention = spec.retention ?? Number.POSITIVE_INFINITY;
    this.#largest = largest;
    this.#expired = largest - this.#retention;
  }

  /** The largest start ever put. */
  get largestStart(): number {
    return this.#largest;
  }

  /** Rows that start here or earlier are gone. */
  get expired(): number {
    return this.#expired;
  }

  get(key: K, start: number): Cell<V> | undefined {
    if (start <= this.#expired || start > this.#largest) return undefined;
    const { rows } = this.#timelines.of(key, this.#expired);
    const row = rows[findStart(rows, start)];
    return row?.start === start ? row.cell : undefined;
  }

  put(key: K, start: number, value: V, timestamp: number): void {
    if (key === null || key === undefined) throw this.#refuse('NULL_KEY', 'a row needs a key');
    if (value === null || value === undefined) throw this.#refuse('NULL_VALUE', 'a row needs a value');
    if (start > this.#largest) {
      this.#largest = start;
      this.#expired = start - this.#retention;
    }
    if (start <= this.#expired) return;
    this.#timelines.put(this.#timelines.of(key, this.#expired), start, value, timestamp);
  }

  delete(key: K, start: number, timestamp: number): void {
    if (start <= this.#expired || start > this.#largest) return;
    this.#timelines.delete(this.#timelines.of(key, this.#expired), start, timestamp);
  }

  *fetch(key: K, from: number, to: number): Generator<readonly [start: number, cell: Cell<V>]> {
    let next = Math.max(from, this.#expired + 1);
    while (next <= to) {
      // Looked up anew each time: whoever asks may put and delete between two rows.
      const { rows } = this.#timelines.of(key, this.#expired);
      const row = rows[findStart(rows, next)];
      if (row === undefined || row.start > to) return;
      next = row.start + 1;
      if (row.cell !== undefined) yield [row.start, row.cell];
    }
  }

  *between(from: number, to: number): Generator<readonly [key: WindowKey<K>, cell: Cell<V>]> {
    const first = Math.max(from, this.#expired + 1);
    for (const { key, start, cell } of this.#timelines.between(first, to)) {
      yield [{ key: key as K, start, end: start + this.#size }, cell];
    }
  }

  entries(): Generator<readonly [key: WindowKey<K>, cell: Cell<V>]> {
    return this.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  forgetExpired(): void {
    this.#timelines.forget(this.#expired);
  }

  #refuse(code: 'NULL_KEY' | 'NULL_VALUE', what: string): MillraceError {
    return new MillraceError(code, `${what} in store ${this.#name}`, {
      step: this.#name,
      found: 'null or undefined',
      next: 'Use delete to remove a row; leave records without a key out before they reach a step that keeps state.',
    });
  }
}
