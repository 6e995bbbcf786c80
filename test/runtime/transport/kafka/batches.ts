import { crc32c } from '@node-rs/crc32';
import type { Encoded } from '../../../../src/dsl/codecs/codec.ts';
import { noHeaders } from '../../../../src/dsl/message.ts';
import { BatchWriter } from '../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';

interface BatchOptions {
  /** Not set: the batch is in no transaction. */
  readonly producerId?: number;
  readonly keys?: readonly (Encoded | null)[];
  readonly leaderEpoch?: number;
}

/** A batch as it stands in a log, from an offset on. */
export function dataBatch(baseOffset: number, values: readonly string[], options: BatchOptions = {}): Buffer {
  const writer = new BatchWriter();
  for (const [index, value] of values.entries()) {
    writer.append(options.keys?.[index] ?? null, value, 1000 + index, noHeaders, 2 ** 30);
  }
  const transactional = options.producerId !== undefined;
  const origin = { producerId: options.producerId ?? -1, producerEpoch: 0, baseSequence: 0, transactional };
  return inLog(writer.seal(origin), baseOffset, options.leaderEpoch ?? 0);
}

export function markerBatch(baseOffset: number, producerId: number, how: 'commit' | 'abort'): Buffer {
  const writer = new BatchWriter();
  const key = Buffer.from([0, 0, 0, how === 'commit' ? 1 : 0]);
  writer.append(key, Buffer.from([0, 0, 0, 0, 0, 1]), 1000, noHeaders, 2 ** 30);
  const bytes = writer.seal({ producerId, producerEpoch: 0, baseSequence: -1, transactional: true });
  bytes.writeInt16BE(0x30, 21);
  return inLog(bytes, baseOffset, 0);
}

/** What compaction leaves of a batch whose records are all gone. */
export function emptiedBatch(baseOffset: number, offsets: number): Buffer {
  const bytes = dataBatch(baseOffset, ['x']).subarray(0, 61);
  bytes.writeInt32BE(61 - 12, 8);
  bytes.writeInt32BE(offsets - 1, 23);
  bytes.writeInt32BE(0, 57);
  return inLog(bytes, baseOffset, 0);
}

function inLog(bytes: Buffer, baseOffset: number, leaderEpoch: number): Buffer {
  bytes.writeBigInt64BE(BigInt(baseOffset));
  bytes.writeInt32BE(leaderEpoch, 12);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}
