import { DecompressedTooLarge } from './decompressedTooLarge.ts';
import { newMatchTable } from './findMatches.ts';
import { lz4BlockBound, lz4Expansion, readLz4Block, writeLz4Block } from './lz4Block.ts';
import { xxHash32 } from './xxHash32.ts';

const magic = 0x184d2204;
/** Frames that say nothing: 16 magic numbers that differ in the last four bits. */
const skippableMagic = 0x184d2a50;
const flags = { version: 0xc0, independent: 0x20, blockSum: 0x10, size: 0x08, sum: 0x04, reserved: 0x02, dictionary: 0x01 } as const; // biome-ignore format: a table
const version1 = 0x40;
const storedBit = 0x8000_0000;
const two32 = 0x1_0000_0000;

/** As the Java client writes it: independent blocks of 64 KiB, no checksums but the header's. */
const blockBytes = 0x1_0000;
const writtenFlags = version1 | flags.independent;
const writtenSize = 4 << 4;

/** One frame. */
export function lz4Compress(source: Buffer): Buffer {
  const blocks = Math.ceil(source.length / blockBytes);
  // With what each block may take beyond its length; a block that would is stored as it is.
  const target = Buffer.allocUnsafeSlow(
    11 + 4 * blocks + source.length + lz4BlockBound(blockBytes) - blockBytes,
  );
  const table = newMatchTable(Math.min(source.length, blockBytes));
  target.writeUInt32LE(magic, 0);
  target[4] = writtenFlags;
  target[5] = writtenSize;
  target[6] = headerSum(target, 4, 6);
  let at = 7;
  for (let from = 0; from < source.length; from += blockBytes) {
    const to = Math.min(from + blockBytes, source.length);
    const end = writeLz4Block(source, from, to, target, at + 4, table);
    const length = end - at - 4;
    if (length < to - from) {
      target.writeUInt32LE(length, at);
      at = end;
    } else {
      target.writeUInt32LE((to - from + storedBit) >>> 0, at);
      at += 4 + source.copy(target, at + 4, from, to);
    }
  }
  target.writeUInt32LE(0, at);
  return target.subarray(0, at + 4);
}

/** All frames, one after the other. Throws for what is no frame; DecompressedTooLarge beyond `limit` bytes. */
export function lz4Decompress(source: Buffer, limit: number): Buffer {
  const reader = new FrameReader(source, limit);
  while (reader.at < source.length) reader.frame();
  return reader.output;
}

interface FrameHeader {
  readonly flags: number;
  readonly blockLimit: number;
  /** Of everything in the frame, where it says so. */
  readonly size: number | undefined;
}

class FrameReader {
  at = 0;
  readonly #source: Buffer;
  readonly #limit: number;
  #target: Buffer;
  #out = 0;

  constructor(source: Buffer, limit: number) {
    this.#source = source;
    this.#limit = limit;
    this.#target = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(1024, 4 * source.length)));
  }

  get output(): Buffer {
    return this.#target.subarray(0, this.#out);
  }

  frame(): void {
    const found = this.#uint32();
    if ((found & 0xffff_fff0) >>> 0 === skippableMagic) this.#skip(this.#uint32());
    else if (found === magic) this.#frame();
    else throw new Error(`a frame that begins with ${found.toString(16)}`);
  }

  #frame(): void {
    const header = this.#header();
    const start = this.#out;
    if (header.size !== undefined) this.#expect(header.size);
    while (this.#block(header, start));
    if ((header.flags & flags.sum) !== 0) this.#check(this.#target, start, this.#out);
    if (header.size !== undefined && this.#out - start !== header.size) {
      throw new Error(`${this.#out - start} bytes in a frame of ${header.size}`);
    }
  }

  #header(): FrameHeader {
    const start = this.at;
    this.#skip(2);
    const [bits, sizes] = [this.#source[start]!, this.#source[start + 1]!];
    if (
      (bits & (flags.version | flags.reserved)) !== version1 ||
      (sizes & 0x8f) !== 0 ||
      sizes < writtenSize
    ) {
      throw new Error(`a frame with the flags ${bits.toString(16)} ${sizes.toString(16)}`);
    }
    if ((bits & flags.dictionary) !== 0) throw new Error('a frame that needs a dictionary');
    const size = (bits & flags.size) === 0 ? undefined : this.#uint32() + this.#uint32() * two32;
    this.#skip(1);
    if (headerSum(this.#source, start, this.at - 1) !== this.#source[this.at - 1]) {
      throw new Error('a frame whose header has another checksum');
    }
    return { flags: bits, blockLimit: 1 << (8 + 2 * (sizes >> 4)), size };
  }

  /** false behind the last. */
  #block({ flags: bits, blockLimit }: FrameHeader, frameStart: number): boolean {
    const head = this.#uint32();
    if (head === 0) return false;
    const stored = head >= storedBit;
    const length = head % storedBit;
    const from = this.at;
    if (length > blockLimit) throw new Error(`a block of ${length} bytes, at most ${blockLimit}`);
    this.#skip(length);
    if (stored) this.#store(from, length);
    else this.#out = this.#read(from, blockLimit, (bits & flags.independent) !== 0 ? this.#out : frameStart);
    if ((bits & flags.blockSum) !== 0) this.#check(this.#source, from, from + length);
    return true;
  }

  #store(from: number, length: number): void {
    this.#expect(length);
    this.#out += this.#source.copy(this.#target, this.#out, from, from + length);
  }

  #read(from: number, blockLimit: number, history: number): number {
    this.#reserve(Math.min(blockLimit, lz4Expansion(this.at - from)));
    const limit = Math.min(this.#out + blockLimit, this.#target.length);
    const end = readLz4Block(this.#source, from, this.at, this.#target, this.#out, limit, history);
    if (end >= 0) return end;
    if (this.#out + blockLimit > this.#limit) throw new DecompressedTooLarge(this.#limit);
    throw new Error(`a block that stands for more than ${blockLimit} bytes`);
  }

  /** There will be that many bytes more; a source that is too short for them is lying. */
  #expect(bytes: number): void {
    if (this.#out + bytes > this.#limit) throw new DecompressedTooLarge(this.#limit);
    if (bytes > lz4Expansion(this.#source.length))
      throw new Error(`${bytes} bytes in a frame too short for them`);
    this.#reserve(bytes);
  }

  /** Makes room for that many bytes more, or for as many as are allowed. */
  #reserve(bytes: number): void {
    const needed = Math.min(this.#limit, this.#out + bytes);
    if (needed <= this.#target.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(needed, 2 * this.#target.length)));
    this.#target.copy(larger, 0, 0, this.#out);
    this.#target = larger;
  }

  #check(bytes: Buffer, from: number, to: number): void {
    const expected = this.#uint32();
    const found = xxHash32(bytes, from, to);
    if (expected !== found) throw new Error(`checksum ${found.toString(16)}, not ${expected.toString(16)}`);
  }

  #uint32(): number {
    this.#skip(4);
    return this.#source.readUInt32LE(this.at - 4);
  }

  #skip(bytes: number): void {
    if (this.at + bytes > this.#source.length) throw new Error('a frame that ends early');
    this.at += bytes;
  }
}

function headerSum(bytes: Buffer, from: number, to: number): number {
  return (xxHash32(bytes, from, to) >>> 8) & 0xff;
}
