import type { AnyStore, AnyWindowStore, StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import type { Backend } from './backend.ts';
import { KeyValueStore } from './keyValueStore.ts';
import { isAging, type OpenStore, openStore } from './openStore.ts';
import { type Sealed, type SealedStore, sealStores, visitChanges, writeStore } from './sealed.ts';
import { publicMeta } from './storedMeta.ts';

export interface StoreDefinition {
  /** The full name: it is also that of the store's changelog. */
  readonly name: string;
  readonly spec: StoreSpec;
}

export interface TaskStateOptions {
  /** Rows kept in memory per store, beside those not yet written. */
  readonly cacheRows?: number | undefined;
}

/** All state of one task: its stores, and the small values that say how far it has come. */
export interface TaskState {
  /** UNKNOWN_STORE when there is no key-value store of that name. */
  store(name: string): AnyStore;
  /** Windows and timelines. UNKNOWN_STORE when there is none of that name. */
  windowStore(name: string): AnyWindowStore;
  /** As last written. */
  readonly meta: ReadonlyMap<string, string>;
  /** Rows changed since the last seal, of all stores. */
  readonly dirtyRows: number;
  /**
   * Takes what has changed. Work may go on and change the same rows again. ENCODE_FAILED leaves all unsealed.
   * Several may be under way; they are written in the order in which they were sealed.
   */
  seal(): Sealed;
  /** Forgets what is not written. The backend stays open: it is closed by who opened it. */
  close(): void;
}

/**
 * The state of a task over its backend, as last committed. Rows that were changed and not written when the process or the
 * task ended are not there: the input they came from is read again.
 */
export function openTaskState(
  backend: Backend,
  stores: readonly StoreDefinition[],
  { cacheRows = 100_000 }: TaskStateOptions = {},
): TaskState {
  const opened = stores.map(({ name, spec }) => openStore(backend, name, spec, cacheRows));
  return new CachedTaskState(backend, opened);
}

class CachedTaskState implements TaskState {
  readonly #backend: Backend;
  readonly #stores: readonly OpenStore[];
  readonly #byName: ReadonlyMap<string, OpenStore>;
  /** Sealed and not yet written, oldest first. */
  readonly #outstanding: Sealed[] = [];
  #meta: ReadonlyMap<string, string>;
  #closed = false;

  constructor(backend: Backend, stores: readonly OpenStore[]) {
    this.#backend = backend;
    this.#stores = stores;
    this.#byName = new Map(stores.map((store) => [store.name, store]));
    this.#meta = publicMeta(backend.readMeta());
  }

  get meta(): ReadonlyMap<string, string> {
    return this.#meta;
  }

  get dirtyRows(): number {
    let rows = 0;
    for (const { pending } of this.#stores) rows += pending.count;
    return rows;
  }

  store(name: string): AnyStore {
    const found = this.#byName.get(name)?.store;
    if (found instanceof KeyValueStore) return found;
    throw this.#unknown('key-value store', name);
  }

  windowStore(name: string): AnyWindowStore {
    const found = this.#byName.get(name)?.store;
    if (isAging(found)) return found;
    throw this.#unknown('window store', name);
  }

  seal(): Sealed {
    this.#assertOpen();
    const stores = sealStores(this.#stores);
    const sealed: Sealed = {
      rows: stores.reduce((rows, { changes }) => rows + changes.length, 0),
      forEachChange: (visit) => visitChanges(stores, visit),
      write: (meta) => this.#write(sealed, stores, meta),
    };
    this.#outstanding.push(sealed);
    return sealed;
  }

  close(): void {
    this.#closed = true;
    for (const store of this.#stores) store.close();
  }

  #write(sealed: Sealed, stores: readonly SealedStore[], meta: ReadonlyMap<string, string>): void {
    this.#assertOpen();
    if (this.#outstanding[0] !== sealed) {
      throw new MillraceError('INTERNAL', 'sealed changes are written twice or out of order');
    }
    this.#backend.transaction((write) => {
      for (const store of stores) writeStore(store, write);
      for (const [name, value] of meta) write.meta(name, value);
    });
    this.#outstanding.shift();
    for (const { store, changes } of stores) store.pending.written(changes);
    this.#meta = new Map([...this.#meta, ...meta]);
  }

  #assertOpen(): void {
    if (this.#closed) throw new MillraceError('INTERNAL', 'the state of a task was used after it was closed');
  }

  #unknown(kind: string, name: string): MillraceError {
    return new MillraceError('UNKNOWN_STORE', `there is no ${kind} ${name}`, {
      found: `${[...this.#byName.keys()].join(', ') || 'no stores'}`,
      next: 'Name the store in the step that uses it.',
    });
  }
}
