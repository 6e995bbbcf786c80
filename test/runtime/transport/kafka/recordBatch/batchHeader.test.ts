import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../../src/dsl/message.ts';
import { firstBatchBytes } from '../../../../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { openBatch } from '../../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import { withChecksum } from './batchWith.ts';
import { readBatches, readBatchHeaders, somewhere } from './readBatches.ts';

function batchOf(...values: string[]): Buffer {
  const writer = new BatchWriter();
  for (const value of values) writer.append('k', value, 1, noHeaders, 2 ** 30);
  return Buffer.from(writer.seal({ producerId: 9, producerEpoch: 0, baseSequence: 0, transactional: false }));
}

function at(baseOffset: number, bytes: Buffer): Buffer {
  bytes.writeBigInt64BE(BigInt(baseOffset));
  return bytes;
}

describe('readBatchHeader', () => {
  it('leaves out a last batch that was cut off, wherever it was cut', () => {
    const first = batchOf('a', 'b');
    const both = Buffer.concat([first, at(2, batchOf('c'))]);
    for (let length = 0; length < both.length; length++) {
      const whole = length >= first.length ? 1 : 0;
      expect(readBatchHeaders(both.subarray(0, length))).toHaveLength(whole);
    }
    expect(readBatchHeaders(both).map((header) => header.nextOffset)).toEqual([2, 3]);
  });

  it('refuses another format', () => {
    for (const format of [0, 1, 3]) {
      const bytes = batchOf('a');
      bytes[16] = format;
      expect(() => readBatchHeaders(at(70, bytes))).toThrow(
        expect.objectContaining({
          code: 'CORRUPT_BATCH',
          details: expect.objectContaining({ ...somewhere, offset: 70, found: `format ${format}` }),
        }),
      );
    }
  });

  it('reads offsets up to 2^53 - 1, and refuses those beyond and below zero', () => {
    const last = Number.MAX_SAFE_INTEGER;
    expect(readBatchHeaders(at(last - 1, batchOf('a')))[0]).toMatchObject({
      baseOffset: last - 1,
      nextOffset: last,
    });
    for (const offset of [last, last + 1, 2 ** 62, -1]) {
      expect(() => readBatchHeaders(at(offset, batchOf('a')))).toThrow(
        expect.objectContaining({
          code: 'CORRUPT_BATCH',
          details: expect.objectContaining({
            ...somewhere,
            offset,
            expected: expect.stringContaining('2^53'),
          }),
        }),
      );
    }
  });

  it('refuses a length that no batch can have', () => {
    for (const length of [-1, 0, 48]) {
      const bytes = batchOf('a');
      bytes.writeInt32BE(length, 8);
      expect(() => readBatchHeaders(bytes)).toThrow(expect.objectContaining({ code: 'CORRUPT_BATCH' }));
    }
  });
});

describe('firstBatchBytes', () => {
  it('knows the size of a batch of which only the beginning is there', () => {
    const bytes = batchOf('a');
    expect(firstBatchBytes(bytes.subarray(0, 12))).toBe(bytes.length);
    expect(firstBatchBytes(bytes.subarray(0, 11))).toBeUndefined();
  });
});

describe('verifyBatch', () => {
  it('notices every flipped bit the checksum covers', () => {
    const bytes = batchOf('some value');
    const header = readBatchHeaders(bytes)[0]!;
    for (let bit = 17 * 8; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => openBatch(damaged, header, somewhere)).toThrow(
        expect.objectContaining({
          code: 'CORRUPT_BATCH',
          details: expect.objectContaining({ ...somewhere, offset: 0 }),
        }),
      );
    }
    expect(readBatches(bytes)).toHaveLength(1);
  });

  it.each([
    ['attributes nobody has defined', 21, 0x0080],
    ['a codec nobody has defined', 21, 0x0005],
    ['a last offset below the first', 23, 0x8000],
    ['a negative count', 57, 0xffff],
  ])('refuses %s', (_, place, value) => {
    const bytes = batchOf('a');
    bytes.writeUInt16BE(value, place);
    expect(() => readBatches(withChecksum(bytes))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_BATCH' }),
    );
  });

  it.each([
    ['timestamps', 27],
    ['a maximum of timestamps', 35],
    ['a producer id', 43],
  ])('refuses %s beyond what a number holds exactly', (_, place) => {
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n]) {
      const bytes = batchOf('a');
      bytes.writeBigInt64BE(value, place);
      expect(() => readBatches(withChecksum(at(70, bytes)))).toThrow(
        expect.objectContaining({
          code: 'CORRUPT_BATCH',
          details: expect.objectContaining({
            ...somewhere,
            offset: 70,
            expected: expect.stringContaining('2^53'),
          }),
        }),
      );
    }
  });
});
