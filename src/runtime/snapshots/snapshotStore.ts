import type { Readable } from 'node:stream';

/**
 * Where snapshots of state are kept: an object store, a folder that several machines mount. Names are of letters, digits, dots,
 * underscores, dashes and slashes. What a function rejects with is told as a warning, and state is restored from changelogs.
 */
export interface SnapshotStore {
  /** Keeps it whole or not at all: nobody gets a name before all of its bytes are there. */
  put(name: string, content: Readable): Promise<void>;
  /** undefined: there is none of that name (any more). */
  get(name: string): Promise<Readable | undefined>;
  /** Names that begin with the prefix, in any order. */
  list(prefix: string): Promise<readonly string[]>;
  /** Nothing happens where there is none. */
  delete(name: string): Promise<void>;
}
