import { crc32c } from '@node-rs/crc32';

/** A batch around records that are encoded, and compressed, already; its checksum is right. */
export function batchWith(records: Buffer, count: number, attributes = 0, baseOffset = 0): Buffer {
  const batch = Buffer.alloc(61 + records.length);
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch[16] = 2;
  batch.writeInt16BE(attributes, 21);
  batch.writeInt32BE(Math.max(0, count - 1), 23);
  batch.writeBigInt64BE(1n, 27);
  batch.writeBigInt64BE(1n, 35);
  batch.fill(0xff, 43, 57);
  batch.writeInt32BE(count, 57);
  records.copy(batch, 61);
  return withChecksum(batch);
}

/** Makes the checksum fit again, as a writer with a bug would have. */
export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}
