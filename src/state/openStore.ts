import type { StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import type { Backend, Table } from './backend.ts';
import { KeyValueStore } from './keyValueStore.ts';
import { RowCache } from './rowCache.ts';
import { readLargestStart } from './storedMeta.ts';
import { tableSpecOf } from './tableSpec.ts';
import { WindowStore } from './windowStore.ts';

/** A store of a task, with the table below it. */
export interface OpenStore {
  readonly name: string;
  readonly spec: StoreSpec;
  readonly table: Table;
  readonly cache: RowCache;
  readonly store: KeyValueStore<unknown, unknown> | WindowStore<unknown, unknown>;
}

export function openStore(backend: Backend, name: string, spec: StoreSpec, cacheRows: number): OpenStore {
  const table = backend.open(tableSpecOf(name, spec));
  // Rows of a restore that did not come to its end; a store without any is left as it is.
  backend.transaction((write) => write.settle(table));
  const cache = new RowCache(name, spec, table, cacheRows);
  const store =
    spec.kind === 'window'
      ? openWindows(backend, table, cache, spec)
      : new KeyValueStore(cache, table.isEmpty());
  return { name, spec, table, cache, store };
}

function openWindows(
  backend: Backend,
  table: Table,
  cache: RowCache,
  spec: StoreSpec,
): WindowStore<unknown, unknown> {
  const largest = readLargestStart(backend.readMeta(), table.spec.name);
  if (Number.isNaN(largest) || (largest === Number.NEGATIVE_INFINITY && !table.isEmpty())) {
    throw new MillraceError('STATE_CORRUPT', `the stream time of store ${table.spec.name} is lost`, {
      step: table.spec.name,
      next: 'Move the state folder of this task aside and start again: the state is rebuilt from its changelog.',
    });
  }
  return new WindowStore(cache, spec, largest);
}
