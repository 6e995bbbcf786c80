import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { Backend } from '../state/backend.ts';
import { hasDatabase } from '../state/installDatabase.ts';
import { memoryBackend } from '../state/memory.ts';
import { type Clock, delay } from './clock.ts';
import { readLocalMeta } from './commitMeta.ts';
import type { Disk, Held } from './disk.ts';
import type { Restored } from './restoreState.ts';
import { checkDescriptions, describeStore } from './storeDescription.ts';

/** Where a task's state lives on this machine, held by this process alone. */
export interface TaskHome {
  /** undefined where it is in memory. */
  readonly folder: string | undefined;
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
  /** Puts state from elsewhere into a folder that has none. */
  readonly seed?: ((folder: string) => Promise<void>) | undefined;
}

/** A disk on which each task has a place, or 'memory': rebuilt from the changelog at every start. */
export type StatePlace = 'memory' | Disk;

/** An owner that is just letting go of the place gets this long. */
const lockWithin = 5_000;

export async function openTaskHome(parts: TaskHomeParts): Promise<TaskHome> {
  const { place, application, task, stores, clock, signal, onWarning } = parts;
  const wanted = Object.fromEntries(stores.map(({ name, spec }) => [name, describeStore(spec)]));
  if (place === 'memory' || stores.length === 0) {
    const backend = memoryBackend();
    const local = readLocalMeta(new Map());
    const close = (): void => backend.close();
    const storesSignature = JSON.stringify(wanted);
    return { folder: undefined, backend, local, storesSignature, close, setAside: close };
  }
  const held = await holdPatiently(() => place.hold(application, task), clock, signal);
  try {
    const backend = await openOrRebuild(held, parts);
    const meta = backend.readMeta();
    const found = JSON.parse(meta.get('stores') ?? '{}') as Record<string, string>;
    checkDescriptions(found, wanted, { path: held.path });
    const close = (last?: () => void): void => {
      try {
        backend.close();
      } catch (error) {
        if (last === undefined) throw error; // what is moved aside need not be whole
      } finally {
        last?.();
        held.release();
      }
    };
    // Of stores that are gone the rows stay, and so does what they are.
    const storesSignature = JSON.stringify({ ...found, ...wanted });
    return {
      folder: held.path,
      backend,
      local: readLocalMeta(meta),
      storesSignature,
      close: () => close(),
      setAside: (damage) => close(() => onWarning(rebuilt(task, held.setAside(), damage))),
    };
  } catch (error) {
    held.release();
    throw error;
  }
}

/** A damaged database is moved aside, never deleted, and built anew from a snapshot and the changelog. */
async function openOrRebuild(held: Held, { task, onWarning, seed }: TaskHomeParts): Promise<Backend> {
  if (seed !== undefined && !hasDatabase(held.path)) await seed(held.path);
  try {
    return held.open();
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'STATE_CORRUPT') throw error;
    onWarning(rebuilt(task, held.setAside(), error));
    await seed?.(held.path);
    return held.open();
  }
}

function rebuilt(task: string, path: string, cause: MillraceError): MillraceError {
  return new MillraceError('STATE_CORRUPT', `The state of task ${task} was damaged and is rebuilt`, {
    path,
    cause,
    next: 'Nothing now: the state comes back from its changelog. Look after the disk, and delete the folder with what was found when nobody needs it any more.',
  });
}

async function holdPatiently(hold: () => Held, clock: Clock, signal: AbortSignal): Promise<Held> {
  const deadline = clock.monotonic() + lockWithin;
  for (;;) {
    try {
      return hold();
    } catch (error) {
      const busy = error instanceof MillraceError && error.code === 'STATE_LOCKED';
      if (!busy || clock.monotonic() > deadline) throw error;
    }
    await delay(clock, 50, signal);
  }
}
