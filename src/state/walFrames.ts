import { closeSync, fsyncSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** The committed part of a SQLite write-ahead log, frame by frame (https://sqlite.org/fileformat2.html#walformat). */
export interface WalFrames {
  /** Tell this log from those before it in the same file. */
  readonly salts: readonly [number, number];
  /** Page of each frame and CRC-32 of its content, in the order in which they were written. */
  readonly pages: readonly number[];
  readonly sums: readonly number[];
  /** Pages of the database after the last commit. */
  readonly databasePages: number;
}

const fileHeader = 32;
const frameHeader = 24;
const framesPerRead = 256;

/**
 * Reads as far as SQLite would: the checksums run through all frames, and what follows the last commit does not count.
 * undefined when there is no log or nothing in it. `sync` makes sure first that what is read is on the disk.
 */
export function readWal(path: string, sync: boolean): WalFrames | undefined {
  let file: number;
  try {
    file = openSync(path, sync ? 'r+' : 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (sync) fsyncSync(file);
    return readFrames(file);
  } finally {
    closeSync(file);
  }
}

function readFrames(file: number): WalFrames | undefined {
  const header = Buffer.alloc(fileHeader);
  if (readSync(file, header, 0, fileHeader, 0) < fileHeader) return undefined;
  const magic = header.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return undefined;
  const checksum = new WalChecksum(magic === 0x377f0682);
  checksum.add(header, 0, 24);
  if (!checksum.equals(header, 24)) return undefined;
  const pageSize = header.readUInt32BE(8);
  const frameSize = frameHeader + pageSize;
  const pages: number[] = [];
  const sums: number[] = [];
  let committed = 0;
  let databasePages = 0;
  const chunk = Buffer.allocUnsafe(frameSize * framesPerRead);
  for (let at = fileHeader; ; at += chunk.length) {
    const read = readSync(file, chunk, 0, chunk.length, at);
    for (let frame = 0; frame + frameSize <= read; frame += frameSize) {
      if (header.compare(chunk, frame + 8, frame + 16, 16, 24) !== 0) return finish();
      checksum.add(chunk, frame, frame + 8);
      checksum.add(chunk, frame + frameHeader, frame + frameSize);
      if (!checksum.equals(chunk, frame + 16)) return finish();
      pages.push(chunk.readUInt32BE(frame));
      sums.push(crc32(chunk.subarray(frame + frameHeader, frame + frameSize)));
      const sizeAfterCommit = chunk.readUInt32BE(frame + 4);
      if (sizeAfterCommit > 0) {
        committed = pages.length;
        databasePages = sizeAfterCommit;
      }
    }
    if (read < chunk.length) return finish();
  }

  function finish(): WalFrames | undefined {
    if (committed === 0) return undefined;
    const salts = [header.readUInt32BE(16), header.readUInt32BE(20)] as const;
    return { salts, pages: pages.slice(0, committed), sums: sums.slice(0, committed), databasePages };
  }
}

/** Fibonacci-weighted sums over pairs of 32-bit words, whose byte order the magic number tells. */
class WalChecksum {
  readonly #littleEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  add(bytes: Buffer, from: number, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const littleEndian = this.#littleEndian;
    let first = this.#first;
    let second = this.#second;
    for (let at = from; at < to; at += 8) {
      first = (first + view.getInt32(at, littleEndian) + second) | 0;
      second = (second + view.getInt32(at + 4, littleEndian) + first) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readInt32BE(at) === this.#first && bytes.readInt32BE(at + 4) === this.#second;
  }
}
