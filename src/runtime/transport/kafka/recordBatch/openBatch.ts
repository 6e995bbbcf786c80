import type { TopicPartition } from '../../transport.ts';
import { type BatchHeader, verifyBatch } from './batchHeader.ts';
import { openRecords } from './openRecords.ts';
import { RecordCursor } from './recordCursor.ts';

/**
 * Checks a batch, decompresses it and stands before its first record with an offset of `from` or above. `nextOffset` may
 * lie behind the batch, over others that are not shown. CORRUPT_BATCH.
 */
export function openBatch(
  buffer: Buffer,
  header: BatchHeader,
  { topic, partition }: TopicPartition,
  from: number = header.baseOffset,
  nextOffset: number = header.nextOffset,
): RecordCursor {
  const where = { topic, partition };
  verifyBatch(buffer, header, where);
  return new RecordCursor({ ...where, header, from, nextOffset, ...openRecords(buffer, header, where) });
}
