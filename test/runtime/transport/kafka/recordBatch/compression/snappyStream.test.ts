import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecompressedTooLarge } from '../../../../../../src/runtime/transport/kafka/recordBatch/compression/decompressedTooLarge.ts';
import {
  snappyCompress,
  snappyDecompress,
} from '../../../../../../src/runtime/transport/kafka/recordBatch/compression/snappyStream.ts';
import { compressible, text } from './samples.ts';

const limit = 1 << 24;

describe('snappyDecompress', () => {
  it('reads back what snappyCompress has written, which is not much larger than what it was given', () => {
    fc.assert(
      fc.property(compressible, (bytes) => {
        const compressed = snappyCompress(bytes);
        expect(compressed.length).toBeLessThanOrEqual(
          bytes.length + 16 + 10 * Math.ceil(bytes.length / 32_768),
        );
        expect(snappyDecompress(compressed, limit).equals(bytes)).toBe(true);
      }),
    );
  });

  it('reads each block on its own, as a whole stream of snappy-java is one block behind another', () => {
    const one = snappyCompress(text.subarray(0, 100_000));
    const two = snappyCompress(Buffer.from('more'));
    expect(snappyDecompress(Buffer.concat([one, two]), limit).equals(Buffer.concat([text.subarray(0, 100_000), Buffer.from('more')]))).toBe(true); // biome-ignore format: one line
  });

  it.each<[string, number[], string]>([
    ['literals whose length takes a byte', [61, 0xf0, 60, ...Array(61).fill(7)], '\x07'.repeat(61)],
    ['literals whose length takes four bytes', [2, 0xfc, 1, 0, 0, 0, 104, 105], 'hi'],
    ['a near copy that overlaps itself', [9, 0x04, 97, 98, 0x0d, 2], 'ababababa'],
    ['a far copy', [6, 0x04, 97, 98, 0x0e, 2, 0], 'ababab'],
    ['a very far copy', [6, 0x04, 97, 98, 0x0f, 2, 0, 0, 0], 'ababab'],
    ['a length with a needless byte', [0x82, 0, 0x04, 104, 105], 'hi'],
    ['nothing', [0], ''],
  ])('reads a bare block with %s', (_, block, expected) => {
    expect(String(snappyDecompress(Buffer.from(block), limit))).toBe(expected);
  });

  it.each<[string, number[]]>([
    ['no length', []],
    ['a length of six bytes', [0x81, 0x81, 0x81, 0x81, 0x81, 1]],
    ['more than it can hold', [0xff, 0xff, 0xff, 0x7f, 0, 1]],
    ['fewer bytes than it says', [5, 0x04, 97, 98]],
    ['more bytes than it says', [1, 0x04, 97, 98]],
    ['a copy of more than it says', [3, 0x04, 97, 98, 0x0d, 2]],
    ['literals beyond its end', [60, 59 << 2, 1]],
    ['literals of 4 GiB', [1, 0xfc, 255, 255, 255, 255, 0]],
    ['half a length of literals', [1, 0xfc, 0]],
    ['half a copy', [8, 0x04, 97, 98, 0x0e, 2]],
    ['a copy of nothing', [6, 0x04, 97, 98, 0x0e, 0, 0]],
    ['a copy of what is before it', [6, 0x04, 97, 98, 0x0e, 3, 0]],
  ])('refuses a block with %s', (_, block) => {
    expect(() => snappyDecompress(Buffer.from(block), limit)).toThrow(/block/);
  });

  it('refuses a stream that is cut short anywhere but between two blocks', () => {
    const stream = snappyCompress(text.subarray(0, 40_000));
    const boundary = 16 + 4 + stream.readInt32BE(16);
    for (let length = 1; length < stream.length; length += 13) {
      if (length === 16 || length === boundary) continue;
      expect(() => snappyDecompress(stream.subarray(0, length), limit)).toThrow();
    }
  });

  it('holds no more than it may', () => {
    const stream = snappyCompress(text);
    expect(snappyDecompress(stream, text.length).length).toBe(text.length);
    expect(() => snappyDecompress(stream, text.length - 1)).toThrow(DecompressedTooLarge);
  });
});
