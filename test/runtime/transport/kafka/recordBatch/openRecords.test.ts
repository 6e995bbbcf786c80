import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../../src/dsl/message.ts';
import { MillraceError } from '../../../../../src/errors.ts';
import { compressions } from '../../../../../src/runtime/transport/compression.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { compress } from '../../../../../src/runtime/transport/kafka/recordBatch/compression/compress.ts';
import { xxHash32 } from '../../../../../src/runtime/transport/kafka/recordBatch/compression/xxHash32.ts';
import { batchWith } from './batchWith.ts';
import { readBatches, somewhere } from './readBatches.ts';

const values = Array.from({ length: 200 }, (_, index) => `value ${index} ${'again '.repeat(index % 9)}`);
const records = recordsOf(values);
const codecs = compressions.filter((name) => name !== 'none');

function recordsOf(contents: readonly string[]): Buffer {
  const writer = new BatchWriter();
  for (const value of contents) writer.append(null, value, 1, noHeaders, 2 ** 31);
  return writer
    .seal({ producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false })
    .subarray(61);
}

function failureOf(batch: Buffer): MillraceError {
  try {
    readBatches(batch);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('openRecords', () => {
  it.each(codecs)('says so when what is compressed with %s is cut short or garbled', (codec) => {
    const compressed = compress(codec, records);
    const number = compressions.indexOf(codec);
    const read = readBatches(batchWith(compressed, values.length, number));
    expect(read.map((record) => String(record.value))).toEqual(values);
    const damages: ((bytes: Buffer) => Buffer)[] = [
      (bytes) => bytes.subarray(0, bytes.length >> 1),
      () => Buffer.alloc(0),
      (bytes) => Buffer.from(bytes.map((byte, at) => (at > 20 ? byte ^ 0x55 : byte))),
      () => Buffer.from('not compressed at all'),
      (bytes) => Buffer.concat([bytes, Buffer.from('and something else')]),
    ];
    for (const damage of damages) {
      const error = failureOf(batchWith(damage(compressed), values.length, number, 70));
      expect(error).toMatchObject({
        code: 'CORRUPT_BATCH',
        details: { ...somewhere, next: expect.stringMatching(/\S/) },
      });
      expect(error.details.offset).toBeGreaterThanOrEqual(70);
    }
  });

  it.each([
    ['gzip', 1, (bytes: Buffer) => gzipSync(bytes)],
    ['zstd', 4, (bytes: Buffer) => zstdCompressSync(bytes)],
  ] as const)('reads %s in several pieces', (_, codec, compressed) => {
    const pieces = [records.subarray(0, 1000), records.subarray(1000, 1001), records.subarray(1001)];
    const batch = batchWith(Buffer.concat(pieces.map(compressed)), values.length, codec);
    expect(readBatches(batch).map((record) => String(record.value))).toEqual(values);
  });

  it('reads a batch that has no records, whatever they were compressed with', () => {
    for (const codec of [0, 1, 2, 3, 4])
      expect(readBatches(batchWith(Buffer.alloc(0), 0, codec))).toEqual([]);
  });

  it.each(codecs)('refuses a bomb of %s without allocating what it says', (codec) => {
    const batch = batchWith(bombs[codec](), 1, compressions.indexOf(codec), 70);
    expect(batch.length).toBeLessThan(300_000);
    const before = process.memoryUsage();
    const error = failureOf(batch);
    const after = process.memoryUsage();
    expect(error).toMatchObject({ code: 'CORRUPT_BATCH', details: { ...somewhere, offset: 70 } });
    expect(after.rss - before.rss).toBeLessThan(300 * 1024 * 1024);
  });
});

/** A gigabyte each, or the claim of it where the codec cannot shrink that much. */
const bombs: Record<(typeof codecs)[number], () => Buffer> = {
  gzip: () => {
    // Members of a megabyte each.
    const member = gzipSync(Buffer.alloc(1 << 20), { level: 9 });
    return Buffer.concat(Array.from({ length: 256 }, () => member));
  },
  zstd: () => {
    const block = zstdCompressSync(Buffer.alloc(1 << 26));
    return Buffer.concat(Array.from({ length: 16 }, () => block));
  },
  snappy: () => Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0, 1]),
  lz4: () => {
    const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x68, 0x70, 0, 0, 0, 0x40, 0, 0, 0, 0, 0]);
    header[14] = (xxHash32(header, 4, 14) >>> 8) & 0xff;
    return Buffer.concat([header, Buffer.alloc(1000)]);
  },
};
