import type { StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import type { Backend, Table } from './backend.ts';
import { KeyValueStore } from './keyValueStore.ts';
import type { PendingRows } from './pendingRows.ts';
import { RowCache } from './rowCache.ts';
import { readLargestStart } from './storedMeta.ts';
import { tableSpecOf } from './tableSpec.ts';
import { TimelineStore } from './timelineStore.ts';
import { Timelines } from './timelines.ts';
import { WindowStore } from './windowStore.ts';

/** A store of a task, with the table below it. */
export interface OpenStore {
  readonly name: string;
  readonly spec: StoreSpec;
  readonly table: Table;
  readonly pending: PendingRows;
  readonly store: KeyValueStore<unknown, unknown> | AgingStore;
  close(): void;
}

/** Stores whose rows expire. */
export type AgingStore = WindowStore<unknown, unknown> | TimelineStore<unknown, unknown>;

export function isAging(store: OpenStore['store'] | undefined): store is AgingStore {
  return store instanceof WindowStore || store instanceof TimelineStore;
}

export function openStore(backend: Backend, name: string, spec: StoreSpec, cacheRows: number): OpenStore {
  const table = backend.open(tableSpecOf(name, spec));
  // Rows of a restore that did not come to its end; a store without any is left as it is.
  backend.transaction((write) => write.settle(table));
  const rows =
    spec.kind === 'timeline'
      ? new Timelines(name, spec, table, cacheRows)
      : new RowCache(name, spec, table, cacheRows);
  const { pending } = rows;
  return {
    name,
    spec,
    table,
    pending,
    store: storeOver(backend, table, spec, rows),
    close: () => rows.close(),
  };
}

function storeOver(
  backend: Backend,
  table: Table,
  spec: StoreSpec,
  rows: RowCache | Timelines,
): OpenStore['store'] {
  const { name } = table.spec;
  if (rows instanceof Timelines) return new TimelineStore(name, rows, spec, largestStart(backend, table));
  if (spec.kind === 'window') return new WindowStore(rows, spec, largestStart(backend, table));
  return new KeyValueStore(rows, table.isEmpty());
}

function largestStart(backend: Backend, table: Table): number {
  const largest = readLargestStart(backend.readMeta(), table.spec.name);
  if (Number.isNaN(largest) || (largest === Number.NEGATIVE_INFINITY && !table.isEmpty())) {
    throw new MillraceError('STATE_CORRUPT', `the stream time of store ${table.spec.name} is lost`, {
      step: table.spec.name,
      next: 'Move the state folder of this task aside and start again: the state is rebuilt from its changelog.',
    });
  }
  return largest;
}
