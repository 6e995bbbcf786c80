import { MillraceError } from '../../../../errors.ts';
import { compressions } from '../../compression.ts';
import type { TopicPartition } from '../../transport.ts';
import { type BatchHeader, corrupt } from './batchHeader.ts';
import { attributeBits, batchLayout } from './batchLayout.ts';
import { decompress } from './compression/decompress.ts';
import { DecompressedTooLarge } from './compression/decompressedTooLarge.ts';

/**
 * Bytes the records of one batch may take. A few kilobytes can stand for gigabytes; a broker takes 1 MiB of compressed
 * records unless it is told otherwise, and what people write shrinks to a tenth, not to a hundredth.
 */
const maxRecordsBytes = 128 * 1024 * 1024;

/** Where the records of a batch can be read: in place, or in a buffer of their own. CORRUPT_BATCH. */
export function openRecords(
  buffer: Buffer,
  header: BatchHeader,
  partition: TopicPartition,
): { readonly records: Buffer; readonly start: number; readonly end: number } {
  const codec = header.attributes & attributeBits.compression;
  const start = header.start + batchLayout.records;
  // Compaction may leave a batch without records; no codec has anything to say of zero bytes.
  if (codec === 0 || start === header.end) return { records: buffer, start, end: header.end };
  const compression = compressions[codec];
  if (compression === undefined || compression === 'none') throw unknownCodec(codec, header, partition);
  try {
    const records = decompress(compression, buffer.subarray(start, header.end), maxRecordsBytes);
    return { records, start: 0, end: records.length };
  } catch (error) {
    if (error instanceof DecompressedTooLarge) throw tooLarge(header, partition, error);
    const found = error instanceof Error ? error.message : String(error);
    throw corrupt(partition, header.baseOffset, `records compressed with ${compression}`, found, error);
  }
}

function tooLarge(
  header: BatchHeader,
  { topic, partition }: TopicPartition,
  cause: DecompressedTooLarge,
): MillraceError {
  return new MillraceError('CORRUPT_BATCH', 'a record batch is too large when decompressed', {
    topic,
    partition,
    offset: header.baseOffset,
    expected: `at most ${maxRecordsBytes} bytes of records in a batch`,
    found: `more, in ${header.end - header.start - batchLayout.records} compressed bytes`,
    cause,
    next: 'Find out who wrote it: it may be meant to do harm. Go on behind the batch, or have it written in smaller ones.',
  });
}

function unknownCodec(
  codec: number,
  header: BatchHeader,
  { topic, partition }: TopicPartition,
): MillraceError {
  return new MillraceError('CORRUPT_BATCH', 'a record batch is compressed in a way millrace does not know', {
    topic,
    partition,
    offset: header.baseOffset,
    expected: compressions.map((name, number) => `${number} (${name})`).join(', '),
    found: `${codec}`,
    next: 'Set compression.type of the topic to one of these and write the records again, or use a newer millrace.',
  });
}
