import type { Encoded, StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import type { Backend, Row, Table, Writer } from './backend.ts';
import { parseChangelogKey, toFormat } from './changelog.ts';
import { forgetLargestStart, publicMeta, readLargestStart, writeLargestStart } from './storedMeta.ts';
import { tableSpecOf } from './tableSpec.ts';
import type { StoreDefinition } from './taskState.ts';

export interface RestoreOptions {
  /** After how many rows what was read is sorted into the tables, which blocks for about 2 us a row. */
  readonly settleRows?: number | undefined;
  /** Stores of which what is there is given up. */
  readonly cleared?: ReadonlySet<string> | undefined;
}

/**
 * Brings tables up to date from their changelogs: records in their order, in chunks. A chunk and the positions behind it are
 * one transaction, so that a restore that was cut short goes on where it stood: at the positions in `meta`.
 */
export interface Restoration {
  /** As last committed, by this restore or before it. */
  readonly meta: ReadonlyMap<string, string>;
  /** Rows applied and not yet committed. */
  readonly pendingRows: number;
  /**
   * Takes one record of the store's changelog; value null: deleted. The bytes need not be kept. Rows of windows that have
   * expired are left out. UNKNOWN_STORE; DECODE_FAILED when the key is not one of this store's kind.
   */
  apply(store: string, key: Encoded, value: Encoded | null, timestamp: number): void;
  /** Writes what was applied. */
  commit(meta: ReadonlyMap<string, string>): void;
  /** Writes what was applied and makes it all readable. The restore is over. */
  finish(meta: ReadonlyMap<string, string>): void;
  /** After finish(): the row of a key of the store's changelog. */
  read(store: string, key: Encoded): Row | undefined;
}

export function beginRestore(
  backend: Backend,
  stores: readonly StoreDefinition[],
  { settleRows = 1_000_000, cleared = new Set() }: RestoreOptions = {},
): Restoration {
  const meta = backend.readMeta();
  const restored = stores.map(({ name, spec }) => {
    const isCleared = cleared.has(name);
    const largest = isCleared ? Number.NEGATIVE_INFINITY : readLargestStart(meta, name);
    return new RestoredStore(backend, name, spec, isCleared, largest);
  });
  return new ChunkedRestoration(backend, restored, publicMeta(meta), settleRows);
}

/** Takes all rows out of the tables of these stores. */
export function clearStores(backend: Backend, stores: readonly StoreDefinition[]): void {
  const meta = backend.readMeta();
  const filled = stores
    .map(({ name, spec }) => ({ name, table: backend.open(tableSpecOf(name, spec)) }))
    .filter(({ name, table }) => !table.isEmpty() || readLargestStart(meta, name) > Number.NEGATIVE_INFINITY);
  if (filled.length === 0) return;
  backend.transaction((write) => {
    for (const { name, table } of filled) clear(write, name, table);
  });
}

function clear(write: Writer, store: string, table: Table): void {
  write.clear(table);
  forgetLargestStart(write, store);
}

/** Up to so many rows are written one by one: what sorting saves is less than what the table for it costs. */
const fewRows = 2_000;

class ChunkedRestoration implements Restoration {
  readonly #backend: Backend;
  readonly #stores: ReadonlyMap<string, RestoredStore>;
  readonly #settleRows: number;
  #meta: ReadonlyMap<string, string>;
  #pending = 0;
  #unsettled = 0;
  /** A restore before this one may have left rows that are not sorted in. */
  #mayBeUnsettled = true;

  constructor(
    backend: Backend,
    stores: readonly RestoredStore[],
    meta: ReadonlyMap<string, string>,
    settleRows: number,
  ) {
    this.#backend = backend;
    this.#stores = new Map(stores.map((store) => [store.name, store]));
    this.#meta = meta;
    this.#settleRows = settleRows;
  }

  get meta(): ReadonlyMap<string, string> {
    return this.#meta;
  }

  get pendingRows(): number {
    return this.#pending;
  }

  apply(store: string, key: Encoded, value: Encoded | null, timestamp: number): void {
    this.#store(store).apply(key, value, timestamp);
    this.#pending++;
  }

  commit(meta: ReadonlyMap<string, string>): void {
    this.#write(meta, this.#unsettled + this.#pending >= this.#settleRows);
  }

  finish(meta: ReadonlyMap<string, string>): void {
    this.#write(meta, true);
  }

  read(store: string, key: Encoded): Row | undefined {
    return this.#store(store).read(key);
  }

  #store(name: string): RestoredStore {
    const found = this.#stores.get(name);
    if (found !== undefined) return found;
    throw new MillraceError('UNKNOWN_STORE', `there is no store ${name} to restore`, {
      found: [...this.#stores.keys()].join(', '),
      next: 'Reset the application if the store was renamed or removed.',
    });
  }

  #write(meta: ReadonlyMap<string, string>, settle: boolean): void {
    for (const store of this.#stores.values()) store.open();
    const direct = settle && !this.#mayBeUnsettled && this.#pending <= fewRows;
    this.#backend.transaction((write) => {
      for (const store of this.#stores.values()) {
        if (direct) store.writeDirectly(write);
        else store.write(write, settle);
      }
      for (const [name, value] of meta) write.meta(name, value);
    });
    for (const store of this.#stores.values()) store.written();
    this.#unsettled = settle ? 0 : this.#unsettled + this.#pending;
    this.#mayBeUnsettled = !settle;
    this.#pending = 0;
    this.#meta = new Map([...this.#meta, ...meta]);
  }
}

interface AppliedRow {
  readonly key: Encoded;
  readonly start: number;
  readonly value: Encoded | null;
  readonly timestamp: number;
}

/** The rows of one store that are not committed yet, in the order in which they came. */
class RestoredStore {
  readonly name: string;
  readonly #spec: StoreSpec;
  readonly #backend: Backend;
  #isCleared: boolean;
  /** Made when there is something to write: before that it may turn out that the changelog is of another store. */
  #table: Table | undefined;
  readonly #retention: number;
  #largestStart: number;
  #rows: AppliedRow[] = [];

  constructor(backend: Backend, name: string, spec: StoreSpec, isCleared: boolean, largestStart: number) {
    this.name = name;
    this.#spec = spec;
    this.#backend = backend;
    this.#isCleared = isCleared;
    this.#retention = spec.retention ?? Number.POSITIVE_INFINITY;
    this.#largestStart = largestStart;
  }

  apply(changelogKey: Encoded, encoded: Encoded | null, timestamp: number): void {
    const { key, start } = parseChangelogKey(this.#spec, changelogKey);
    if (this.#spec.kind !== 'keyValue') {
      if (start > this.#largestStart) this.#largestStart = start;
      if (start <= this.#expired) return;
    }
    const value = encoded === null ? null : toFormat(this.#spec.value.format, encoded);
    this.#rows.push({ key, start, value, timestamp });
  }

  open(): Table {
    this.#table ??= this.#backend.open(tableSpecOf(this.name, this.#spec));
    return this.#table;
  }

  write(write: Writer, settle: boolean): void {
    const table = this.open();
    if (this.#isCleared) clear(write, this.name, table);
    for (const { key, start, value, timestamp } of this.#rows) {
      if (start > this.#expired) write.append(table, key, start, value, timestamp);
    }
    if (settle) write.settle(table);
    this.#expire(write, table);
  }

  /** Where nothing waits to be sorted in, or to be cleared. */
  writeDirectly(write: Writer): void {
    const table = this.open();
    for (const { key, start, value, timestamp } of this.#rows) {
      if (start <= this.#expired) continue;
      if (value === null) write.delete(table, key, start);
      else write.put(table, key, start, value, timestamp);
    }
    this.#expire(write, table);
  }

  #expire(write: Writer, table: Table): void {
    if (this.#expired > Number.NEGATIVE_INFINITY) write.expire(table, this.#expired + 1);
    if (this.#spec.kind !== 'keyValue') writeLargestStart(write, this.name, this.#largestStart);
  }

  read(changelogKey: Encoded): Row | undefined {
    const { key, start } = parseChangelogKey(this.#spec, changelogKey);
    return this.open().get(key, start);
  }

  written(): void {
    this.#isCleared = false;
    this.#rows = [];
  }

  /** Rows that start here or earlier are gone. */
  get #expired(): number {
    return this.#spec.kind !== 'keyValue' ? this.#largestStart - this.#retention : Number.NEGATIVE_INFINITY;
  }
}
