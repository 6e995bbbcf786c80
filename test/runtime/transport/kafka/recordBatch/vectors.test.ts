import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compressions } from '../../../../../src/runtime/transport/compression.ts';
import {
  isControl,
  isTransactional,
} from '../../../../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { openBatch } from '../../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import { type Bytes, type LongBytes, recordBatches, type Vector } from './javaBatches.ts';
import { type ReadRecord, readBatches, readBatchHeaders, readRecords, somewhere } from './readBatches.ts';

describe('openBatch', () => {
  it.each(recordBatches)('reads what the Java client wrote: $name', ({ bytes, batches }) => {
    const buffer = Buffer.from(bytes, 'base64');
    const headers = readBatchHeaders(buffer);
    expect(headers).toMatchObject(
      batches.map(({ records, codec, transactional, control, logAppend, ...header }) => header),
    );
    expect(headers.map(isTransactional)).toEqual(batches.map((batch) => batch.transactional));
    expect(headers.map(isControl)).toEqual(batches.map((batch) => batch.control));
    expect(headers.map(({ attributes }) => compressions[attributes & 7])).toEqual(
      batches.map((batch) => batch.codec),
    );
    headers.forEach((header, index) => {
      const records = readRecords(openBatch(buffer, header, somewhere));
      expectSame(records, batches[index]!.records);
      if (batches[index]!.logAppend) {
        expect(new Set(records.map(({ timestamp }) => timestamp))).toEqual(new Set([header.maxTimestamp]));
      }
    });
  });
});

/** What a producer sends: the rest was written by a broker. */
const produced = recordBatches.filter(
  ({ batches: [batch] }) => batch!.leaderEpoch === -1 && !batch!.logAppend && !batch!.control,
);

describe('BatchWriter', () => {
  it.each(produced.filter(({ batches }) => batches[0]!.codec === 'none'))(
    'writes the same bytes as the Java client: $name',
    (vector) => {
      const bytes = Buffer.from(vector.bytes, 'base64');
      expect(rewritten(vector, readBatches(bytes)).equals(bytes)).toBe(true);
    },
  );

  it.each(produced.filter(({ batches }) => batches[0]!.codec !== 'none'))(
    'compresses so that the same can be read: $name',
    (vector) => {
      const records = readBatches(Buffer.from(vector.bytes, 'base64'));
      const batch = rewritten(vector, records);
      expect(readBatches(batch)).toEqual(records);
      const [header] = readBatchHeaders(batch);
      // A record of nothing is none the smaller for it.
      expect(compressions[header!.attributes & 7]).toBe(
        records.length === 1 ? 'none' : vector.batches[0]!.codec,
      );
    },
  );
});

function rewritten({ batches: [batch] }: Vector, records: readonly ReadRecord[]): Buffer {
  const { producerId, producerEpoch, baseSequence, transactional, codec } = batch!;
  const writer = new BatchWriter();
  for (const { key, value, timestamp, headers } of records) {
    writer.append(key, value, timestamp, headers, 2 ** 30);
  }
  return writer.seal({ producerId, producerEpoch, baseSequence, transactional, compression: codec });
}

function expectSame(records: readonly ReadRecord[], expected: Vector['batches'][number]['records']): void {
  expect(records).toEqual(
    expected.map((record) => ({
      ...record,
      key: bytesOf(record.key),
      value: typeof record.value === 'string' ? bytesOf(record.value) : record.value && expect.anything(),
      headers: record.headers.map(([name, value]) => [name, bytesOf(value)]),
    })),
  );
  for (const [at, { value }] of expected.entries()) {
    if (value !== null && typeof value !== 'string') expect(digest(records[at]!.value!)).toEqual(value);
  }
}

function bytesOf(base64: Bytes): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}

function digest(value: Buffer): LongBytes {
  return { bytes: value.length, sha256: createHash('sha256').update(value).digest('base64') };
}
