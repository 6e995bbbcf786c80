import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import type { Backend, TableSpec } from '../../src/state/backend.ts';
import { coverWal } from '../../src/state/pageSums.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const spec: TableSpec = { name: 'counts', kind: 'keyValue', key: 'text', value: 'text' };
const commits = 12;

/** All rows after each commit; commit 0 is the empty database. */
type History = ReadonlyMap<string, string>[];

/** Commits a few dozen changes at a time: some reach the file, the others are in the log only. */
function fill(folder: string, from: number, to: number, history: History): Backend {
  const backend = sqliteBackend(folder);
  const table = backend.open(spec);
  for (let commit = from; commit < to; commit++) {
    const rows = new Map(history.at(-1) ?? []);
    backend.transaction((write) => {
      for (let i = 0; i < 60; i++) {
        const key = `key-${(i * 7 + commit * 31) % 200}`;
        if ((i + commit) % 9 === 0) {
          rows.delete(key);
          write.delete(table, key, 0);
        } else {
          const value = `${commit}:${i}:`.repeat(40);
          rows.set(key, value);
          write.put(table, key, 0, value, commit);
        }
      }
      write.meta('commit', `${commit}`);
    });
    history[commit] = rows;
  }
  return backend;
}

interface Image {
  readonly folder: string;
  readonly history: History;
}

/** Files as a killed process leaves them: half of the commits in the file, the others in the log. */
function killed(): Image {
  const live = temporaryFolder();
  const history: History = [new Map()];
  fill(live, 1, commits / 2, history).close();
  const backend = fill(live, commits / 2, commits, history);
  const folder = temporaryFolder();
  cpSync(live, folder, { recursive: true });
  backend.close();
  return { folder, history };
}

/** Files as a process leaves them that is killed while SQLite moves the log to the file: `share` sevenths of the pages moved. */
function killedInCheckpoint(seed: number, share: number = 4): Image {
  const { folder, history } = killed();
  const path = join(folder, 'state.db');
  const moved = temporaryFolder();
  coverWal(path);
  cpSync(folder, moved, { recursive: true });
  sqliteBackend(moved).close();
  const target = readFileSync(join(moved, 'state.db'));
  const file = openSync(path, 'r+');
  for (let page = 0; page * 4096 < target.length; page++) {
    if (((page + 1) * seed) % 7 < share) writeSync(file, target, page * 4096, 4096, page * 4096);
  }
  closeSync(file);
  return { folder, history };
}

function closed(until: number = commits): Image {
  const folder = temporaryFolder();
  const history: History = [new Map()];
  fill(folder, 1, until, history).close();
  return { folder, history };
}

/** The commit that is found; every row must be as it was then. */
function open({ folder, history }: Image): number {
  const backend = sqliteBackend(folder);
  try {
    const commit = Number(backend.readMeta().get('commit') ?? 0);
    const rows = [...backend.open(spec).rows()].map(({ key, value }) => [key, value] as const);
    expect(new Map(rows as [string, string][])).toEqual(history[commit]);
    return commit;
  } finally {
    backend.close();
  }
}

/** The commit that is found, or 'damaged' when the file is refused as such. Anything else is a failure. */
function openOrRefuse(image: Image): number | 'damaged' {
  try {
    return open(image);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'STATE_CORRUPT') return 'damaged';
    throw error;
  }
}

const images = { closed: () => closed(), killed, killedInCheckpoint: () => killedInCheckpoint(3) };

describe('F13: a database whose process was killed', () => {
  it('is as last committed', () => {
    expect(open(killed())).toBe(commits - 1);
  });

  it.each([1, 2, 3, 4, 5, 6])('is as last committed when it was killed in a checkpoint (%i)', (seed) => {
    expect(open(killedInCheckpoint(seed))).toBe(commits - 1);
  });

  it('is an earlier commit when its log is lost, and refused when its log was on the way to the file', () => {
    const image = killed();
    rmSync(join(image.folder, 'state.db-wal'));
    expect(open(image)).toBe(commits / 2 - 1);
    const moving = killedInCheckpoint(3);
    rmSync(join(moving.folder, 'state.db-wal'));
    expect(openOrRefuse(moving)).toBe('damaged');
  });

  it('is refused when its log loses its end after all of it had reached the file: the rest would undo half', () => {
    const image = killedInCheckpoint(1, 7);
    const log = join(image.folder, 'state.db-wal');
    const bytes = readFileSync(log);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(log, bytes);
    expect(() => open(image)).toThrow(/sound frames in its log/);
  });

  it('is as last committed when its log is lost after all of it had reached the file', () => {
    const image = killed();
    const log = readFileSync(join(image.folder, 'state.db-wal'));
    sqliteBackend(image.folder).close();
    expect(open(image)).toBe(commits - 1);
    writeFileSync(join(image.folder, 'state.db-wal'), log);
    expect(open(image)).toBe(commits - 1);
  });
});

describe('F13: a damaged database', { timeout: 30_000 }, () => {
  it.each([
    ['is empty', (path: string) => truncateSync(path, 0)],
    ['is cut short', (path: string) => truncateSync(path, 4096 * 5)],
    ['is cut within a page', (path: string) => truncateSync(path, 4096 * 7 + 100)],
    ['is missing', (path: string) => rmSync(path)],
    ['is text', (path: string) => writeFileSync(path, 'not a database\n'.repeat(1000))],
    ['is another database', (path: string) => copyFileSync(join(another(), 'state.db'), path)],
    ['has lost its checksums', (path: string) => rmSync(`${path}-sums`)],
    [
      'has checksums of another',
      (path: string) => copyFileSync(join(another(), 'state.db-sums'), `${path}-sums`),
    ],
    ['has an empty list of checksums', (path: string) => truncateSync(`${path}-sums`, 0)],
  ])('is refused when it %s', (_, damage) => {
    const image = closed();
    damage(join(image.folder, 'state.db'));
    expect(() => open(image)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
    expect(() => open(image)).toThrow(image.folder);
  });

  const damages = fc.record({
    image: fc.constantFrom('closed' as const, 'killed', 'killedInCheckpoint'),
    file: fc.constantFrom('state.db', 'state.db-wal', 'state.db-sums', 'state.db-shm'),
    kind: fc.constantFrom('flip', 'flip', 'page', 'truncate'),
    where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    bit: fc.nat(7),
  });

  const samples = new Map<string, Image>();

  test.prop([fc.array(damages, { minLength: 1, maxLength: 2 })], {
    numRuns: 200,
  })(
    'is refused, or an earlier commit, wherever bytes turn over or are lost',
    ([first, ...more]) => {
      const name = first!.image;
      if (!samples.has(name)) samples.set(name, images[name]());
      const { folder: sample, history } = samples.get(name)!;
      const folder = temporaryFolder();
      cpSync(sample, folder, { recursive: true });
      for (const { file, kind, where, bit } of [first!, ...more]) {
        const path = join(folder, file);
        if (!existsSync(path)) continue;
        const bytes = readFileSync(path);
        const at = Math.floor(where * bytes.length);
        if (kind === 'truncate') truncateSync(path, at);
        else if (kind === 'page')
          bytes.fill(bit, at - (at % 4096), Math.min(bytes.length, at - (at % 4096) + 4096));
        else if (bytes.length > 0) bytes[at]! ^= 1 << bit;
        if (kind !== 'truncate') writeFileSync(path, bytes);
      }
      openOrRefuse({ folder, history });
      rmSync(folder, { recursive: true, force: true });
    },
    60_000,
  );

  it('is refused for any one bit of its file', () => {
    const { folder: sample, history } = closed();
    const size = readFileSync(join(sample, 'state.db')).length;
    const folder = temporaryFolder();
    cpSync(sample, folder, { recursive: true });
    const path = join(folder, 'state.db');
    const sound = readFileSync(path);
    for (let at = 0; at < size; at += 997) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1;
      writeFileSync(path, bytes);
      expect(openOrRefuse({ folder, history })).toBe('damaged');
    }
  });
});

function another(): string {
  return closed(commits - 1).folder;
}
