import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { Backend } from '../state/backend.ts';
import { setAside, taskFolder } from '../state/folder.ts';
import { type FolderLock, lockFolder } from '../state/lock.ts';
import { memoryBackend } from '../state/memory.ts';
import { sqliteBackend } from '../state/sqlite.ts';
import { type Clock, delay } from './clock.ts';
import { readLocalMeta } from './commitMeta.ts';
import type { Restored } from './restoreState.ts';

/** Where a task's state lives on this machine, held by this process alone. */
export interface TaskHome {
  readonly backend: Backend;
  readonly local: Restored;
  readonly storesSignature: string;
  close(): void;
}

/** A folder under which each task has its own, or 'memory': rebuilt from the changelog at every start. */
export type StatePlace = 'memory' | { readonly folder: string };

/** An owner that is just letting go of the folder gets this long. */
const lockWithin = 5_000;

export async function openTaskHome(
  place: StatePlace,
  application: string,
  task: string,
  stores: readonly NamedStore[],
  clock: Clock,
  signal: AbortSignal,
): Promise<TaskHome> {
  const storesSignature = signatureOf(stores);
  if (place === 'memory' || stores.length === 0) {
    const backend = memoryBackend();
    return { backend, local: readLocalMeta(new Map()), storesSignature, close: () => backend.close() };
  }
  const folder = taskFolder(place.folder, application, task);
  const lock = await lockPatiently(folder, clock, signal);
  try {
    const backend = openOrRebuild(folder);
    const meta = backend.readMeta();
    checkStores(meta.get('stores'), storesSignature, folder);
    const close = (): void => {
      backend.close();
      lock.release();
    };
    return { backend, local: readLocalMeta(meta), storesSignature, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A damaged database is moved aside, never deleted, and built anew from the changelog. */
function openOrRebuild(folder: string): Backend {
  try {
    return sqliteBackend(folder);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'STATE_CORRUPT') throw error;
    setAside(folder);
    return sqliteBackend(folder);
  }
}

async function lockPatiently(folder: string, clock: Clock, signal: AbortSignal): Promise<FolderLock> {
  const deadline = clock.monotonic() + lockWithin;
  for (;;) {
    try {
      return lockFolder(folder);
    } catch (error) {
      const busy = error instanceof MillraceError && error.code === 'STATE_LOCKED';
      if (!busy || clock.monotonic() > deadline) throw error;
    }
    await delay(clock, 50, signal);
  }
}

/** What the rows of each store are, so that rows of another kind are never read as these. */
function signatureOf(stores: readonly NamedStore[]): string {
  const entries = stores.map(
    ({ name, spec }) => [name, `${spec.kind} ${spec.key.name} ${spec.value.name}`] as const,
  );
  return JSON.stringify(Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Stores may come and go; one that stays must be read as it was written. */
function checkStores(written: string | undefined, wanted: string, path: string): void {
  if (written === undefined) return;
  const before = JSON.parse(written) as Record<string, string>;
  const now = JSON.parse(wanted) as Record<string, string>;
  const changed = Object.keys(now).filter((name) => before[name] !== undefined && before[name] !== now[name]);
  if (changed.length === 0) return;
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    `State was written by another version of the topology: ${changed.join(', ')}`,
    {
      path,
      expected: changed.map((name) => `${name}: ${now[name]}`).join(', '),
      found: changed.map((name) => `${name}: ${before[name]}`).join(', '),
      next: 'Give the changed store a new name (it is then rebuilt under that name), or bring the old kind and codecs back.',
    },
  );
}
