import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { compressFrameSync } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../../src/dsl/message.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { readBatches, somewhere } from './readBatches.ts';

const snappy: { compress(bytes: Buffer): Buffer } = createRequire(import.meta.url)('snappyjs');

const values = Array.from({ length: 200 }, (_, index) => `value ${index} ${'again '.repeat(index % 9)}`);

function compressed(codec: number, compress: (records: Buffer) => Buffer): Buffer {
  const writer = new BatchWriter();
  for (const value of values) writer.append(null, value, 1, noHeaders, 2 ** 30);
  const plain = writer.seal({ producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false });
  const batch = Buffer.concat([plain.subarray(0, 61), compress(plain.subarray(61))]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(codec, 21);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** As snappy-java frames it: a header, then blocks that each begin with their length. */
function xerial(records: Buffer): Buffer {
  const blocks: Buffer[] = [Buffer.from('82534e41505059000000000100000001', 'hex')];
  for (let at = 0; at < records.length; at += 1000) {
    const block = snappy.compress(records.subarray(at, at + 1000));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    blocks.push(length, block);
  }
  return Buffer.concat(blocks);
}

describe('openRecords', () => {
  it.each<[string, number, (records: Buffer) => Buffer]>([
    ['gzip', 1, gzipSync],
    ['snappy in one piece', 2, (records) => snappy.compress(records)],
    ['snappy in blocks', 2, xerial],
    ['lz4', 3, (records) => compressFrameSync(records)],
    ['zstd', 4, zstdCompressSync],
  ])('reads %s, and says so when it is cut short or garbled', (_, codec, compress) => {
    const batch = compressed(codec, compress);
    expect(readBatches(batch).map((record) => String(record.value))).toEqual(values);
    const damages: ((bytes: Buffer) => Buffer)[] = [
      (bytes) => bytes.subarray(0, bytes.length >> 1),
      () => Buffer.alloc(0),
      (bytes) => Buffer.from(bytes.map((byte, at) => (at > 20 ? byte ^ 0x55 : byte))),
      () => Buffer.from('not compressed at all'),
    ];
    for (const damage of damages) {
      const damaged = compressed(codec, (records) => damage(compress(records)));
      expect(() => readBatches(damaged)).toThrow(
        expect.objectContaining({ code: 'CORRUPT_BATCH', details: expect.objectContaining(somewhere) }),
      );
    }
  });
});
