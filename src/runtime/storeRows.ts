import type { AnyCell } from '../dsl/node.ts';
import type { NamedStore, Topology } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { TaskStores } from './task/task.ts';

/** Rows of window stores have a WindowKey. */
export type StoreRow = readonly [key: unknown, cell: AnyCell];

/** What a store holds, as the step that owns it shows it; none when it is not among these. */
export function storeRows(
  stores: readonly NamedStore[],
  state: TaskStores,
  name: string,
): readonly StoreRow[] {
  const store = stores.find((known) => known.name === name);
  if (store === undefined) return [];
  if (store.spec.kind === 'keyValue') return [...state.store(name).entries()];
  const { show = (...row) => row } = store.spec;
  return [...state.windowStore(name).entries()].map(([key, cell]) => show(key, cell));
}

/** UNKNOWN_STORE when the topology has none of that name. */
export function checkStore({ subtopologies, globalTables }: Topology, name: string): void {
  const names = [...subtopologies, ...globalTables].flatMap(({ stores }) =>
    stores.map((store) => store.name),
  );
  if (names.includes(name)) return;
  throw new MillraceError('UNKNOWN_STORE', `There is no store ${name}`, {
    expected: names.length === 0 ? 'a topology with state' : `one of ${names.join(', ')}`,
    next: 'Look at describe() for the names of the stores, or name the step that keeps it.',
  });
}
