import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  isControl,
  isTransactional,
} from '../../../../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { codecNames } from '../../../../../src/runtime/transport/kafka/recordBatch/decompress.ts';
import { openBatch } from '../../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import { readBatchHeaders, readRecords, somewhere } from './readBatches.ts';

type Bytes = string | null;
type LongBytes = Bytes | { readonly bytes: number; readonly sha256: string };

/** Written by MemoryRecordsBuilder of kafka-clients 4.1.1, with what its own reader then read. */
interface Vector {
  readonly name: string;
  readonly bytes: string;
  readonly batches: readonly {
    readonly baseOffset: number;
    readonly nextOffset: number;
    readonly leaderEpoch: number;
    readonly maxTimestamp: number;
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly baseSequence: number;
    readonly count: number;
    readonly codec: string;
    readonly transactional: boolean;
    readonly control: boolean;
    readonly records: readonly {
      readonly offset: number;
      readonly timestamp: number;
      readonly key: Bytes;
      readonly value: LongBytes;
      readonly headers: readonly (readonly [string, Bytes])[];
    }[];
  }[];
}

const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../../../../vectors/recordBatches.json', import.meta.url), 'utf8'),
);

describe('openBatch', () => {
  it.each(vectors)('reads what the Java client wrote: $name', ({ bytes, batches }) => {
    const buffer = Buffer.from(bytes, 'base64');
    const headers = readBatchHeaders(buffer);
    expect(headers).toMatchObject(
      batches.map(({ records, codec, transactional, control, ...header }) => header),
    );
    expect(headers.map(isTransactional)).toEqual(batches.map((batch) => batch.transactional));
    expect(headers.map(isControl)).toEqual(batches.map((batch) => batch.control));
    expect(headers.map(({ attributes }) => codecNames[attributes & 7])).toEqual(
      batches.map((batch) => batch.codec),
    );
    headers.forEach((header, index) => {
      const expected = batches[index]!.records;
      const records = readRecords(openBatch(buffer, header, somewhere));
      expect(records).toEqual(
        expected.map((record) => ({
          ...record,
          key: bytesOf(record.key),
          value: typeof record.value === 'object' ? expect.anything() : bytesOf(record.value),
          headers: record.headers.map(([name, value]) => [name, bytesOf(value)]),
          ...(record.value === null && { value: null }),
        })),
      );
      for (const [at, { value }] of expected.entries()) {
        if (value === null || typeof value === 'string') continue;
        expect(digest(records[at]!.value!)).toEqual(value);
      }
    });
  });
});

function bytesOf(base64: Bytes): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}

function digest(value: Buffer): LongBytes {
  return { bytes: value.length, sha256: createHash('sha256').update(value).digest('base64') };
}
