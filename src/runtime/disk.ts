import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../state/backend.ts';
import { setAside, taskFolder } from '../state/folder.ts';
import { lockFolder } from '../state/lock.ts';
import { peekMeta } from '../state/peekMeta.ts';
import { placeOf } from '../state/placeOf.ts';
import { sqliteBackend } from '../state/sqlite.ts';

/** Where the tasks of a machine keep their state: a port, so that the simulator can have disks that fail. */
export interface Disk {
  /** The same for all workers that can get at it, and for nobody else. */
  place(): string;
  /** Names of the tasks of an application that have left anything. */
  tasks(application: string): readonly string[];
  /** What a task's state says of itself, without taking it; undefined where it cannot be read. */
  peek(application: string, task: string): ReadonlyMap<string, string> | undefined;
  /** Takes the place of a task for one owner alone: STATE_LOCKED while somebody has it, STATE_UNWRITABLE, DISK_FULL. */
  hold(application: string, task: string): Held;
}

/** The place of a task on a disk, held. */
export interface Held {
  readonly path: string;
  /** Opens what is there, or makes it: as sqliteBackend(). */
  open(): Backend;
  /** Moves what is there out of the way, and says where to; it must be closed. */
  setAside(): string;
  release(): void;
}

/** `<root>/<application>/<task>` on the file system. */
export function folderDisk(root: string): Disk {
  return {
    place: () => placeOf(root),
    tasks(application) {
      const folder = join(root, application);
      if (!existsSync(folder)) return [];
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [entry.name] : [],
      );
    },
    peek: (application, task) => peekMeta(join(root, application, task)),
    hold(application, task) {
      const path = taskFolder(root, application, task);
      const lock = lockFolder(path);
      return {
        path,
        open: () => sqliteBackend(path),
        setAside: () => setAside(path),
        release: () => lock.release(),
      };
    },
  };
}
