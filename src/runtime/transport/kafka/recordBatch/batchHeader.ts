import { crc32c } from '@node-rs/crc32';
import { MillraceError } from '../../../../errors.ts';
import type { TopicPartition } from '../../transport.ts';
import { attributeBits, batchLayout, knownAttributes, lengthOverhead, readInt64 } from './batchLayout.ts';

/** What stands before the records of a batch. `start` and `end` are places in the buffer it was read from. */
export interface BatchHeader {
  readonly start: number;
  readonly end: number;
  readonly baseOffset: number;
  /** Behind the batch's last offset, whether or not that record is still there. */
  readonly nextOffset: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** Records in it; compaction may have left none. */
  readonly count: number;
}

/**
 * The batch that begins at `start` in what a broker sent for one partition; undefined at the end, and where the last one
 * was cut off. CORRUPT_BATCH for what cannot be a batch; the checksum is for `verifyBatch`.
 */
export function readBatchHeader(
  buffer: Buffer,
  start: number,
  partition: TopicPartition,
): BatchHeader | undefined {
  if (buffer.length - start <= batchLayout.magic) return undefined;
  const length = buffer.readInt32BE(start + batchLayout.length);
  const baseOffset = readInt64(buffer, start);
  checkFormat(buffer[start + batchLayout.magic]!, partition, baseOffset);
  if (length < batchLayout.records - lengthOverhead) {
    throw corrupt(partition, baseOffset, 'at least 49 bytes behind the length', `a length of ${length}`);
  }
  const end = start + lengthOverhead + length;
  if (end > buffer.length) return undefined;
  const header = readHeader(buffer, start, end, baseOffset);
  checkOffsets(header, partition);
  return header;
}

function readHeader(buffer: Buffer, start: number, end: number, baseOffset: number): BatchHeader {
  return {
    start,
    end,
    baseOffset,
    nextOffset: baseOffset + buffer.readInt32BE(start + batchLayout.lastOffsetDelta) + 1,
    leaderEpoch: buffer.readInt32BE(start + batchLayout.leaderEpoch),
    attributes: buffer.readUInt16BE(start + batchLayout.attributes),
    baseTimestamp: readInt64(buffer, start + batchLayout.baseTimestamp),
    maxTimestamp: readInt64(buffer, start + batchLayout.maxTimestamp),
    producerId: readInt64(buffer, start + batchLayout.producerId),
    producerEpoch: buffer.readInt16BE(start + batchLayout.producerEpoch),
    baseSequence: buffer.readInt32BE(start + batchLayout.baseSequence),
    count: buffer.readInt32BE(start + batchLayout.count),
  };
}

/** Bytes the first batch of the buffer takes up, even where it was cut off; undefined where not even its length is there. */
export function firstBatchBytes(buffer: Buffer): number | undefined {
  if (buffer.length < lengthOverhead) return undefined;
  return lengthOverhead + buffer.readInt32BE(batchLayout.length);
}

/** CORRUPT_BATCH unless the checksum fits and every attribute is one that can be honoured. */
export function verifyBatch(buffer: Buffer, header: BatchHeader, partition: TopicPartition): void {
  const expected = buffer.readUInt32BE(header.start + batchLayout.crc);
  const found = crc32c(buffer.subarray(header.start + batchLayout.attributes, header.end));
  if (expected !== found) {
    throw corrupt(partition, header.baseOffset, `CRC-32C ${hex(expected)}`, `CRC-32C ${hex(found)}`);
  }
  if ((header.attributes & ~knownAttributes) !== 0) {
    throw corrupt(
      partition,
      header.baseOffset,
      'attributes of format 2',
      `attributes ${hex(header.attributes)}`,
    );
  }
  const offsets = header.nextOffset - header.baseOffset;
  if (header.count < 0 || header.count > offsets) {
    const found = `${header.count} records in ${offsets} offsets`;
    throw corrupt(partition, header.baseOffset, 'no more records than offsets', found);
  }
  checkNumbers(header, partition);
}

/** The offsets of a batch stand outside its checksum. */
function checkOffsets({ baseOffset, nextOffset }: BatchHeader, partition: TopicPartition): void {
  if (baseOffset >= 0 && nextOffset > baseOffset && nextOffset <= Number.MAX_SAFE_INTEGER) return;
  const found = `offsets ${baseOffset} to ${nextOffset - 1}`;
  throw corrupt(partition, baseOffset, 'ascending offsets from 0 to 2^53', found);
}

/** What a number cannot hold exactly is not rounded. */
function checkNumbers(header: BatchHeader, { topic, partition }: TopicPartition): void {
  for (const name of ['baseTimestamp', 'maxTimestamp', 'producerId'] as const) {
    const value = header[name];
    if (!Number.isSafeInteger(value))
      throw beyondNumbers({ topic, partition }, header.baseOffset, name, value);
  }
}

/** The one error for a 64-bit integer that is none of those JavaScript's numbers hold exactly. */
export function beyondNumbers(
  { topic, partition }: TopicPartition,
  offset: number,
  name: string,
  value: number,
): MillraceError {
  return new MillraceError('CORRUPT_BATCH', `a record batch has a ${name} beyond what millrace reads`, {
    topic,
    partition,
    offset,
    expected: 'at most 2^53 - 1, in either direction',
    found: `about ${value}`,
    next: 'No clock gives such a time and no broker such an id: correct what writes it, and go on behind the batch.',
  });
}

export function isControl(header: BatchHeader): boolean {
  return (header.attributes & attributeBits.control) !== 0;
}

export function isTransactional(header: BatchHeader): boolean {
  return (header.attributes & attributeBits.transactional) !== 0;
}

/** The one error for bytes that are not what they should be. */
export function corrupt(
  { topic, partition }: TopicPartition,
  offset: number,
  expected: string,
  found: string,
  cause?: unknown,
): MillraceError {
  return new MillraceError('CORRUPT_BATCH', 'a record batch cannot be read', {
    topic,
    partition,
    offset,
    expected,
    found,
    cause,
    next: "Check the broker's disks and the network; restore the partition from a replica, or go on behind the batch.",
  });
}

function checkFormat(magic: number, { topic, partition }: TopicPartition, offset: number): void {
  if (magic === 2) return;
  throw new MillraceError('CORRUPT_BATCH', 'a record batch has a format millrace does not read', {
    topic,
    partition,
    offset,
    expected: 'format 2 (Kafka 0.11 and newer)',
    found: `format ${magic}`,
    next: 'Copy the topic with a client of today into a new one: records of the old formats are rewritten by that.',
  });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}
