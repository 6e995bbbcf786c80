import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoded } from '../../../../../src/dsl/codecs/codec.ts';
import { type Headers, noHeaders } from '../../../../../src/dsl/message.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { readBatches, readBatchHeaders } from './readBatches.ts';

const origin = { producerId: 2 ** 40 + 7, producerEpoch: 5, baseSequence: 77, transactional: true };
const unlimited = 2 ** 30;

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('é', '€', '😀', 'a'), maxLength: 300 }),
  fc.string({ minLength: 20, maxLength: 20_000 }),
);
const content: fc.Arbitrary<Encoded | null> = fc.oneof(fc.constant(null), bytes, text);
const headers: fc.Arbitrary<Headers> = fc.oneof(
  fc.constant(noHeaders),
  fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 10 }), fc.option(bytes)), { maxLength: 4 }),
);
const timestamp = fc.oneof(
  fc.maxSafeNat(),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.constant(0),
);
const record = fc.record({ key: content, value: content, timestamp, headers });

function asBytes(part: Encoded | null): Buffer | null {
  return typeof part === 'string' ? Buffer.from(part) : part;
}

describe('BatchWriter', () => {
  it('writes what can be read again, whatever the records are', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 61, max: 200 }),
        (records, capacity) => {
          const writer = new BatchWriter(capacity);
          for (const { key, value, timestamp, headers } of records) {
            expect(writer.append(key, value, timestamp, headers, unlimited)).toBe(true);
          }
          const batch = writer.seal(origin);
          expect(batch.length).toBe(writer.size);
          expect(readBatchHeaders(batch)).toEqual([
            expect.objectContaining({
              baseOffset: 0,
              nextOffset: records.length,
              count: records.length,
              baseTimestamp: records[0]!.timestamp,
              maxTimestamp: Math.max(...records.map((one) => one.timestamp)),
              producerId: origin.producerId,
              producerEpoch: 5,
              baseSequence: 77,
              attributes: 0x10,
            }),
          ]);
          expect(readBatches(batch)).toEqual(
            records.map(({ key, value, timestamp, headers }, offset) => ({
              offset,
              timestamp,
              key: asBytes(key),
              value: asBytes(value),
              headers,
            })),
          );
        },
      ),
    );
  });

  it('is not led astray by where a text stops being ASCII', () => {
    const tails = ['', 'é', '€', '😀', 'é€😀', '\ud800', 'é'.repeat(30)];
    for (const tail of tails) {
      for (let length = 0; length < 60; length++) {
        const value = `${'x'.repeat(length)}${tail}`;
        const writer = new BatchWriter(64);
        expect(writer.append('k', value, 1, noHeaders, unlimited)).toBe(true);
        expect(writer.append(value, 'v', 1, noHeaders, unlimited)).toBe(true);
        const [first, second] = readBatches(writer.seal(origin));
        const bytes = Buffer.from(value);
        expect([first!.key, first!.value]).toEqual([Buffer.from('k'), bytes]);
        expect([second!.key, second!.value]).toEqual([bytes, Buffer.from('v')]);
      }
    }
  });

  it('never grows over the limit, and takes the same record once it is empty', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 2, maxLength: 50 }),
        fc.integer({ min: 61, max: 5000 }),
        (records, limit) => {
          const writer = new BatchWriter();
          const read: (Buffer | null)[] = [];
          const flush = () => {
            if (writer.count > 1) expect(writer.size).toBeLessThanOrEqual(limit);
            read.push(...readBatches(writer.seal(origin)).map((one) => one.value && Buffer.from(one.value)));
            writer.reset();
          };
          for (const { key, value, timestamp, headers } of records) {
            if (writer.append(key, value, timestamp, headers, limit)) continue;
            flush();
            expect(writer.append(key, value, timestamp, headers, limit)).toBe(true);
          }
          flush();
          expect(read).toEqual(records.map((one) => asBytes(one.value)));
        },
      ),
    );
  });

  it('says with transactional whether the records are in a transaction', () => {
    const writer = new BatchWriter();
    writer.append(null, 'v', 1, noHeaders, unlimited);
    const [header] = readBatchHeaders(writer.seal({ ...origin, transactional: false }));
    expect(header!.attributes).toBe(0);
  });

  it('holds 130 000 small records in one batch', () => {
    const writer = new BatchWriter();
    for (let index = 0; index < 130_000; index++)
      writer.append(null, `${index}`, index, noHeaders, unlimited);
    const records = readBatches(writer.seal(origin));
    expect(records).toHaveLength(130_000);
    expect(records.every((one, index) => one.offset === index && String(one.value) === `${index}`)).toBe(
      true,
    );
  });
});
