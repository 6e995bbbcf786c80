import type { Headers } from '../../../../../src/dsl/message.ts';
import {
  type BatchHeader,
  readBatchHeader,
} from '../../../../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { openBatch } from '../../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import type { Batch } from '../../../../../src/runtime/transport/transport.ts';

export interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

export const somewhere = { topic: 'orders', partition: 3 };

export function readRecords(batch: Batch): ReadRecord[] {
  const records: ReadRecord[] = [];
  for (let left = batch.remaining; batch.next(); left--) {
    if (batch.remaining !== left - 1) throw new Error(`remaining is ${batch.remaining} after ${left}`);
    records.push({
      offset: batch.offset,
      timestamp: batch.timestamp,
      key: batch.keyBytes(),
      value: batch.valueBytes(),
      headers: batch.headers(),
    });
  }
  if (batch.remaining !== 0) throw new Error(`remaining is ${batch.remaining} at the end`);
  return records;
}

/** Every whole batch in the bytes. */
export function readBatchHeaders(bytes: Buffer): BatchHeader[] {
  const headers: BatchHeader[] = [];
  for (let header = readBatchHeader(bytes, 0, somewhere); header !== undefined; ) {
    headers.push(header);
    header = readBatchHeader(bytes, header.end, somewhere);
  }
  return headers;
}

/** Every record of every whole batch in the bytes. */
export function readBatches(bytes: Buffer): ReadRecord[] {
  return readBatchHeaders(bytes).flatMap((header) => readRecords(openBatch(bytes, header, somewhere)));
}
