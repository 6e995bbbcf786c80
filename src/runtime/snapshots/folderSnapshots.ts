import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MillraceError } from '../../errors.ts';
import type { SnapshotStore } from './snapshotStore.ts';

/** Ends the names of files that are not whole yet. */
const unfinished = '.part';

/** Snapshots in a folder: a volume that the next machine gets, or one that all mount. */
export function folderSnapshots(folder: string): SnapshotStore {
  const pathOf = (name: string): string => {
    const parts = name.split('/');
    if (parts.every((part) => /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,200}$/.test(part)))
      return join(folder, ...parts);
    throw new MillraceError('INVALID_NAME', `${JSON.stringify(name)} is no name for a snapshot`, {
      expected: 'letters, digits, dots, underscores and dashes, parted by slashes',
      next: 'Choose another name.',
    });
  };
  return {
    async put(name, content) {
      const path = pathOf(name);
      const part = `${path}.${randomUUID()}${unfinished}`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      try {
        await pipeline(content, createWriteStream(part, { mode: 0o600, flush: true }));
        await rename(part, path);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
    get: (name) => readIfThere(pathOf(name)),
    async list(prefix) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(emptyIfMissing);
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith(unfinished))
        .map(({ parentPath, name }) => join(parentPath, name).slice(join(folder, '/').length))
        .map((path) => path.replaceAll('\\', '/'))
        .filter((name) => name.startsWith(prefix));
    },
    delete: (name) => rm(pathOf(name), { force: true }),
  };
}

async function readIfThere(path: string): Promise<Readable | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  return file && createReadStream(path, { fd: file });
}

function emptyIfMissing(error: unknown): [] {
  if (isMissing(error)) return [];
  throw error;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
