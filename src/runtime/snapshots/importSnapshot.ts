import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { installDatabase } from '../../state/installDatabase.ts';
import {
  decodeHeader,
  ignored,
  longestHeader,
  type SnapshotHeader,
  snapshotPrefix,
} from './snapshotHeader.ts';
import type { SnapshotStore } from './snapshotStore.ts';

export interface ImportParts {
  readonly store: SnapshotStore;
  readonly application: string;
  readonly task: string;
  /** Rejects with what a snapshot cannot be used for. */
  readonly check: (header: SnapshotHeader) => Promise<void>;
  /** Told why one is not used. */
  readonly onIgnored: (name: string, error: unknown) => void;
}

/**
 * Puts the newest snapshot that can be used into a folder that has no state: its bytes are what was written, and it is of this task
 * and history. Gives its header; undefined: there is none, and the state is to be restored from the start of its changelogs.
 */
export async function importSnapshot(
  folder: string,
  { store, application, task, check, onIgnored }: ImportParts,
): Promise<SnapshotHeader | undefined> {
  let names: string[];
  try {
    names = [...(await store.list(snapshotPrefix(application, task)))].sort().reverse();
  } catch (error) {
    onIgnored(snapshotPrefix(application, task), error);
    return undefined;
  }
  const part = join(folder, 'snapshot.part');
  for (const name of names) {
    try {
      const header = await receive(store, name, part, async (found) => {
        if (found.application !== application || found.task !== task) {
          throw ignored(
            'it is of another task',
            `${application}/${task}`,
            `${found.application}/${found.task}`,
          );
        }
        await check(found);
      });
      if (header === undefined) continue; // deleted meanwhile
      installDatabase(folder, part);
      return header;
    } catch (error) {
      onIgnored(name, error);
    } finally {
      rmSync(part, { force: true });
    }
  }
  return undefined;
}

async function receive(
  store: SnapshotStore,
  name: string,
  path: string,
  check: (header: SnapshotHeader) => Promise<void>,
): Promise<SnapshotHeader | undefined> {
  const content = await store.get(name);
  if (content === undefined) return undefined;
  const file = await open(path, 'w', 0o600);
  try {
    let head: Buffer | undefined = Buffer.alloc(0);
    let header: SnapshotHeader | undefined;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of content as AsyncIterable<Buffer>) {
      let chunk = piece;
      if (head !== undefined) {
        head = Buffer.concat([head, piece]);
        const end = head.indexOf(0x0a);
        if (end < 0 && head.length <= longestHeader) continue;
        header = decodeHeader(head.toString('utf8', 0, Math.max(0, end)));
        await check(header);
        chunk = head.subarray(end + 1);
        head = undefined;
      }
      hash.update(chunk);
      bytes += chunk.length;
      await writeAll(file, chunk);
    }
    if (header === undefined) throw ignored('it is cut off', 'a header', `${head?.length ?? 0} bytes`);
    if (bytes !== header.bytes) throw ignored('it is cut off', `${header.bytes} bytes`, `${bytes}`);
    const found = hash.digest('hex');
    if (found !== header.sha256) throw ignored('its bytes are not what was written', header.sha256, found);
    await file.sync();
    return header;
  } finally {
    content.destroy();
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, written);
    written += bytesWritten;
  }
}
