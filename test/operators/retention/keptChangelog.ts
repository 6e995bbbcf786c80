import type { Encoded } from '../../../src/dsl/node.ts';
import { memoryBackend } from '../../../src/state/memory.ts';
import { beginRestore } from '../../../src/state/restore.ts';
import { openTaskState, type StoreDefinition } from '../../../src/state/taskState.ts';
import { day } from './weeks.ts';

interface Change {
  readonly store: string;
  readonly key: Encoded;
  readonly value: Encoded | null;
  readonly timestamp: number;
}

/**
 * What a broker keeps of changelogs that it cleans up as soon as it may: of each key the newest record, deletions not at all;
 * of windows and timelines nothing whose timestamp is older than their retention and a day.
 */
export class KeptChangelog {
  readonly #stores: readonly StoreDefinition[];
  readonly #kept = new Map<string, Change>();

  constructor(stores: readonly StoreDefinition[]) {
    this.#stores = stores;
  }

  readonly append = (store: string, key: Encoded, value: Encoded | null, timestamp: number): void => {
    const id = `${store}\0${Buffer.from(key as string).toString('latin1')}`;
    this.#kept.delete(id);
    if (value !== null) this.#kept.set(id, { store, key, value, timestamp });
  };

  clean(now: number): void {
    for (const { name, spec } of this.#stores) {
      if (spec.kind === 'keyValue') continue;
      const oldest = now - spec.retention! - day;
      for (const [id, { store, timestamp }] of this.#kept) {
        if (store === name && timestamp < oldest) this.#kept.delete(id);
      }
    }
  }

  get records(): number {
    return this.#kept.size;
  }

  /** Rows of each store, when nothing but the changelog is left. */
  restored(): Readonly<Record<string, readonly unknown[]>> {
    const backend = memoryBackend();
    const restore = beginRestore(backend, this.#stores);
    for (const { store, key, value, timestamp } of this.#kept.values())
      restore.apply(store, key, value, timestamp);
    restore.finish(new Map());
    const state = openTaskState(backend, this.#stores);
    const rows = this.#stores.map(({ name, spec }) => {
      if (spec.kind === 'keyValue') return [name, [...state.store(name).entries()]];
      const { show = (...row) => row } = spec;
      return [name, [...state.windowStore(name).entries()].map(([key, cell]) => show(key, cell))];
    });
    return Object.fromEntries(rows);
  }
}
