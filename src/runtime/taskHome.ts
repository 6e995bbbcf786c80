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
import { checkDescriptions, describeStore } from './storeDescription.ts';

/** Where a task's state lives on this machine, held by this process alone. */
export interface TaskHome {
  readonly backend: Backend;
  readonly local: Restored;
  readonly storesSignature: string;
  /** Lets go of it, also when that fails. */
  close(): void;
  /** As close(), and moves the state aside, for this was found out about it: it is rebuilt by whoever opens it next. */
  setAside(damage: MillraceError): void;
}

export interface TaskHomeParts {
  readonly place: StatePlace;
  readonly application: string;
  readonly task: string;
  readonly stores: readonly NamedStore[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onWarning: (warning: MillraceError) => void;
}

/** A folder under which each task has its own, or 'memory': rebuilt from the changelog at every start. */
export type StatePlace = 'memory' | { readonly folder: string };

/** An owner that is just letting go of the folder gets this long. */
const lockWithin = 5_000;

export async function openTaskHome(parts: TaskHomeParts): Promise<TaskHome> {
  const { place, application, task, stores, clock, signal, onWarning } = parts;
  const wanted = Object.fromEntries(stores.map(({ name, spec }) => [name, describeStore(spec)]));
  if (place === 'memory' || stores.length === 0) {
    const backend = memoryBackend();
    const local = readLocalMeta(new Map());
    const close = (): void => backend.close();
    return { backend, local, storesSignature: JSON.stringify(wanted), close, setAside: close };
  }
  const folder = taskFolder(place.folder, application, task);
  const lock = await lockPatiently(folder, clock, signal);
  try {
    const backend = openOrRebuild(folder, parts);
    const meta = backend.readMeta();
    const found = JSON.parse(meta.get('stores') ?? '{}') as Record<string, string>;
    checkDescriptions(found, wanted, { path: folder });
    const close = (last?: () => void): void => {
      try {
        backend.close();
      } catch (error) {
        if (last === undefined) throw error; // what is moved aside need not be whole
      } finally {
        last?.();
        lock.release();
      }
    };
    // Of stores that are gone the rows stay, and so does what they are.
    const storesSignature = JSON.stringify({ ...found, ...wanted });
    return {
      backend,
      local: readLocalMeta(meta),
      storesSignature,
      close: () => close(),
      setAside: (damage) => close(() => onWarning(rebuilt(task, setAside(folder), damage))),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A damaged database is moved aside, never deleted, and built anew from the changelog. */
function openOrRebuild(folder: string, { task, onWarning }: TaskHomeParts): Backend {
  try {
    return sqliteBackend(folder);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'STATE_CORRUPT') throw error;
    onWarning(rebuilt(task, setAside(folder), error));
    return sqliteBackend(folder);
  }
}

function rebuilt(task: string, path: string, cause: MillraceError): MillraceError {
  return new MillraceError('STATE_CORRUPT', `The state of task ${task} was damaged and is rebuilt`, {
    path,
    cause,
    next: 'Nothing now: the state comes back from its changelog. Look after the disk, and delete the folder with what was found when nobody needs it any more.',
  });
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
