import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecompressedTooLarge } from '../../../../../../src/runtime/transport/kafka/recordBatch/compression/decompressedTooLarge.ts';
import {
  lz4Compress,
  lz4Decompress,
} from '../../../../../../src/runtime/transport/kafka/recordBatch/compression/lz4Frame.ts';
import { xxHash32 } from '../../../../../../src/runtime/transport/kafka/recordBatch/compression/xxHash32.ts';
import { compressible, text } from './samples.ts';

const frames: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../../../../vectors/lz4Frames.json', import.meta.url), 'utf8'),
);
const limit = 1 << 24;
const frameOf = (options: string) => Buffer.from(frames[options]!, 'base64');

/** A frame of linked blocks of 4 MiB whose header is right. */
function frame(...blocks: Buffer[]): Buffer {
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0]);
  header[6] = (xxHash32(header, 4, 6) >>> 8) & 0xff;
  const parts = blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(block.length);
    return [length, block];
  });
  return Buffer.concat([header, ...parts, Buffer.alloc(4)]);
}

describe('lz4Decompress', () => {
  it.each(Object.keys(frames))('reads what lz4 %s has written', (options) => {
    expect(lz4Decompress(frameOf(options), limit).equals(text)).toBe(true);
  });

  it('reads frames that follow each other, and leaves out those that say nothing', () => {
    const skipped = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const all = Buffer.concat([frameOf('-B4'), skipped, frameOf('-B4 -BD'), skipped]);
    expect(lz4Decompress(all, limit).equals(Buffer.concat([text, text]))).toBe(true);
  });

  it('reads back what lz4Compress has written, which is not much larger than what it was given', () => {
    fc.assert(
      fc.property(compressible, (bytes) => {
        const compressed = lz4Compress(bytes);
        expect(compressed.length).toBeLessThanOrEqual(
          bytes.length + 15 + 4 * Math.ceil(bytes.length / 65_536),
        );
        expect(lz4Decompress(compressed, limit).equals(bytes)).toBe(true);
      }),
    );
  });

  it('holds no more than it may, whatever a frame is said to hold', () => {
    const size = text.length;
    for (const options of Object.keys(frames)) {
      expect(lz4Decompress(frameOf(options), size).length).toBe(size);
      expect(() => lz4Decompress(frameOf(options), size - 1)).toThrow(DecompressedTooLarge);
    }
    // 1 literal, and a match of 15 + 4 + 255 * 1000 bytes, four bytes for the end.
    const bomb = Buffer.concat([Buffer.from([0x1f, 1, 1, 0]), Buffer.alloc(1000, 255), Buffer.from([0, 0])]);
    expect(lz4Decompress(frame(bomb), limit).length).toBe(1 + 19 + 255_000);
    expect(() => lz4Decompress(frame(...Array.from({ length: 100 }, () => bomb)), limit)).toThrow(
      DecompressedTooLarge,
    );
  });

  it('notices every flipped bit where there are checksums, and every frame that is cut short', () => {
    const bytes = frameOf('-B4 -BD -BX --content-size');
    for (let bit = 0; bit < bytes.length * 8; bit += bit < 200 ? 1 : 97) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      // Some magic numbers are those of frames to be skipped.
      expect(result(damaged)).not.toEqual(text);
    }
    for (let length = 1; length < bytes.length; length += 31) {
      expect(() => lz4Decompress(bytes.subarray(0, length), limit)).toThrow();
    }
  });

  it.each([
    ['a reference before the beginning', [0x10, 1, 2, 0, 0]],
    ['a reference to nothing', [0x10, 1, 0, 0, 0]],
    ['literals beyond the end', [0x20, 1]],
    ['a length that does not end', [0xf0, 255, 255]],
    ['a match at the end', [0x10, 1, 1, 0]],
    ['half a distance', [0x10, 1, 1]],
  ])('refuses %s', (_, block) => {
    expect(() => lz4Decompress(frame(Buffer.from(block)), limit)).toThrow(/^a (block|reference)/);
  });

  it('lets linked blocks refer to those before, and others not', () => {
    const first = Buffer.from([0x30, 7, 8, 9]);
    // A match of 4 bytes, 3 back, then one literal.
    const second = Buffer.from([0x00, 3, 0, 0x10, 1]);
    expect([...lz4Decompress(frame(first, second), limit)]).toEqual([7, 8, 9, 7, 8, 9, 7, 1]);
    const independent = frame(first, second);
    independent[4]! |= 0x20;
    independent[6] = (xxHash32(independent, 4, 6) >>> 8) & 0xff;
    expect(() => lz4Decompress(independent, limit)).toThrow('a reference 3 bytes back');
  });
});

function result(bytes: Buffer): Buffer | undefined {
  try {
    return lz4Decompress(bytes, limit);
  } catch {
    return undefined;
  }
}

describe('xxHash32', () => {
  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('of %o is what others say', (of, hash) => {
    expect(xxHash32(Buffer.from(of))).toBe(hash);
  });
});
