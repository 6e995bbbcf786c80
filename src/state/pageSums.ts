import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../errors.ts';
import { readWal, type WalFrames } from './walFrames.ts';

/**
 * SQLite checks its write-ahead log but not its database file: a byte that turns over there is a wrong count from then on. So
 * the CRC of every page is kept beside the file, brought up to date before each checkpoint and verified when it is opened.
 */
interface PageSums {
  /** The log whose first `frames` frames the sums include: those pages may or may not have reached the file. */
  readonly salts: readonly [number, number];
  readonly frames: number;
  /** Of page 1 and so on; 0 of a page that is never written: the one at 1 GiB, where SQLite locks bytes of the file. */
  readonly sums: Uint32Array;
}

const magic = 'millrac1';
const headerBytes = 24;
/** Of all databases that millrace makes. */
const pageSize = 4096;
const pagesPerRead = 256;

/** Takes what the log holds into the sums. To be called before SQLite moves it to the database, and at no other time. */
export function coverWal(path: string): void {
  const wal = readWal(`${path}-wal`, true);
  if (wal === undefined) return;
  const known = readSums(path);
  const sums = new Uint32Array(wal.databasePages);
  if (known !== undefined) sums.set(known.sums.subarray(0, sums.length));
  for (let frame = 0; frame < wal.pages.length; frame++) {
    const page = wal.pages[frame]!;
    if (page <= sums.length) sums[page - 1] = wal.sums[frame]!;
  }
  writeSums(path, { salts: wal.salts, frames: wal.pages.length, sums });
}

/**
 * STATE_CORRUPT when a page of a closed database is not what was written, when pages are missing, or when of a log whose pages
 * are partly in the file some are lost. A log that was cut anywhere else only takes the state back to an earlier commit.
 */
export function verifyPages(path: string): void {
  const known = readSums(path);
  const file = openIfThere(path);
  try {
    const size = file === undefined ? 0 : fstatSync(file).size;
    if (known === undefined) {
      // A database is made in its log; until that is first moved the file has one page at most.
      if (size > pageSize) throw damaged(path, 'the checksums of its pages (state.db-sums)', 'no such file');
      return;
    }
    const uncertain = pagesOnTheirWay(path, known);
    if (file === undefined) throw damaged(path, `${known.sums.length} pages`, 'no file');
    comparePages(path, file, known.sums, uncertain);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Takes a database without a log for what it should be: one that has come from elsewhere, and was verified as a whole. */
export function coverFile(path: string): void {
  const bytes = Buffer.allocUnsafe(pageSize * pagesPerRead);
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0 || size % pageSize !== 0)
      throw damaged(path, `pages of ${pageSize} bytes`, `${size} bytes`);
    const sums = new Uint32Array(size / pageSize);
    for (let first = 0; first < sums.length; first += pagesPerRead) {
      const read = readSync(file, bytes, 0, bytes.length, first * pageSize);
      for (let at = 0; at < read; at += pageSize) {
        sums[first + at / pageSize] = crc32(bytes.subarray(at, at + pageSize));
      }
    }
    writeSums(path, { salts: [0, 0], frames: 0, sums });
  } finally {
    closeSync(file);
  }
}

/** Whether the log of this database was ever moved to its file. */
export function hasSums(path: string): boolean {
  return existsSync(sumsPath(path));
}

function pagesOnTheirWay(path: string, known: PageSums): ReadonlySet<number> {
  const wal: WalFrames | undefined = readWal(`${path}-wal`, false);
  if (wal === undefined || wal.salts[0] !== known.salts[0] || wal.salts[1] !== known.salts[1])
    return new Set();
  if (wal.pages.length >= known.frames) return new Set(wal.pages.slice(0, known.frames));
  throw damaged(path, `${known.frames} sound frames in its log`, `${wal.pages.length}`);
}

function comparePages(path: string, file: number, sums: Uint32Array, uncertain: ReadonlySet<number>): void {
  const chunk = Buffer.allocUnsafe(pageSize * pagesPerRead);
  for (let first = 0; first < sums.length; first += pagesPerRead) {
    const read = readSync(file, chunk, 0, chunk.length, first * pageSize);
    const last = Math.min(first + pagesPerRead, sums.length);
    for (let index = first; index < last; index++) {
      const at = (index - first) * pageSize;
      const sound = at + pageSize <= read && crc32(chunk.subarray(at, at + pageSize)) === sums[index];
      if (!sound && sums[index] !== 0 && !uncertain.has(index + 1)) {
        throw damaged(
          path,
          `page ${index + 1} as it was written`,
          at < read ? 'other bytes' : 'the end of the file',
        );
      }
    }
  }
}

function readSums(path: string): PageSums | undefined {
  const file = openIfThere(sumsPath(path));
  if (file === undefined) return undefined;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } finally {
    closeSync(file);
  }
  const sound =
    bytes.length >= headerBytes &&
    bytes.length % 4 === 0 &&
    bytes.toString('latin1', 0, 8) === magic &&
    bytes.readUInt32LE(20) === sumOf(bytes);
  if (!sound) throw damaged(path, 'sound checksums of its pages', `a damaged ${sumsPath(path)}`);
  const sums = new Uint32Array((bytes.length - headerBytes) / 4);
  for (let i = 0; i < sums.length; i++) sums[i] = bytes.readUInt32LE(headerBytes + 4 * i);
  return {
    salts: [bytes.readUInt32LE(8), bytes.readUInt32LE(12)],
    frames: bytes.readUInt32LE(16),
    sums,
  };
}

/** On the disk before it returns, and whole or not at all. */
function writeSums(path: string, known: PageSums): void {
  const bytes = Buffer.alloc(headerBytes + 4 * known.sums.length);
  bytes.write(magic, 'latin1');
  bytes.writeUInt32LE(known.salts[0], 8);
  bytes.writeUInt32LE(known.salts[1], 12);
  bytes.writeUInt32LE(known.frames, 16);
  for (let i = 0; i < known.sums.length; i++) bytes.writeUInt32LE(known.sums[i]!, headerBytes + 4 * i);
  bytes.writeUInt32LE(sumOf(bytes), 20);
  const target = sumsPath(path);
  const file = openSync(`${target}.new`, 'w', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${target}.new`, target);
  syncFolder(dirname(path));
}

/** Of everything but itself. */
function sumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(headerBytes), crc32(bytes.subarray(0, 20)));
}

/** Makes a rename durable. Windows neither needs nor allows it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function sumsPath(path: string): string {
  return `${path}-sums`;
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function damaged(path: string, expected: string, found: string): MillraceError {
  return new MillraceError('STATE_CORRUPT', 'the state database is damaged', {
    path,
    expected,
    found,
    next: `Move ${dirname(path)} aside and start again: the state is rebuilt from its changelog.`,
  });
}
