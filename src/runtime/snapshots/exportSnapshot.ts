import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { peekFile } from '../../state/peekMeta.ts';
import { readLocalMeta } from '../commitMeta.ts';
import type { TaskHome } from '../taskHome.ts';
import { encodeHeader, type SnapshotHeader, snapshotName, snapshotPrefix } from './snapshotHeader.ts';
import type { SnapshotStore } from './snapshotStore.ts';

export interface ExportParts {
  readonly store: SnapshotStore;
  readonly application: string;
  readonly task: string;
  /** That are kept of the task, this one included. */
  readonly keep: number;
  readonly now: number;
}

/**
 * Puts a copy of a task's state into the store, and deletes those that are too many. The task goes on meanwhile. Gives the name;
 * undefined: there is no commit yet.
 */
export async function exportSnapshot(
  { backend, folder }: TaskHome,
  { store, application, task, keep, now }: ExportParts,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const copy = join(folder, 'snapshot.copy');
  try {
    await rm(copy, { force: true });
    await backend.copyTo(copy);
    const meta = peekFile(copy);
    if (meta === undefined) return undefined;
    const { commit, changelogs, claims, partial } = readLocalMeta(meta);
    if (commit === undefined || commit.sequence === 0 || partial !== undefined) return undefined;
    const header: SnapshotHeader = {
      format: 1,
      application,
      task,
      stores: meta.get('stores') ?? '',
      commit,
      changelogs: Object.fromEntries(changelogs),
      claims: Object.fromEntries(claims),
      time: now,
      bytes: (await stat(copy)).size,
      sha256: await sha256Of(copy),
    };
    const name = snapshotName(header);
    await store.put(name, Readable.from(contentOf(header, copy), { objectMode: false }));
    await deleteOld(store, snapshotPrefix(application, task), keep);
    return name;
  } finally {
    for (const end of ['', '-wal', '-shm']) await rm(`${copy}${end}`, { force: true });
  }
}

async function* contentOf(header: SnapshotHeader, copy: string): AsyncGenerator<Buffer> {
  yield encodeHeader(header);
  yield* createReadStream(copy) as AsyncIterable<Buffer>;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function deleteOld(store: SnapshotStore, prefix: string, keep: number): Promise<void> {
  const names = [...(await store.list(prefix))].sort();
  for (const name of names.slice(0, Math.max(0, names.length - keep))) await store.delete(name);
}
