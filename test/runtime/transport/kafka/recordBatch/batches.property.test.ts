import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../../../../src/dsl/message.ts';
import { MillraceError } from '../../../../../src/errors.ts';
import { compressions } from '../../../../../src/runtime/transport/compression.ts';
import { readBatchHeader } from '../../../../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { openBatch } from '../../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import { type ReadRecord, readBatches, readBatchHeaders, readRecords, somewhere } from './readBatches.ts';

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
const part = fc.option(fc.oneof(bytes, fc.constant(Buffer.alloc(500, 'repeated '))));
const header = fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.option(bytes));
const headers: fc.Arbitrary<Headers> = fc.array(header, { maxLength: 4 });
const timestamp = fc.oneof(fc.maxSafeNat(), fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }));
const record = fc.record({ key: part, value: part, timestamp, headers });
const origin = fc.record({
  producerId: fc.oneof(fc.constant(-1), fc.maxSafeNat()),
  producerEpoch: fc.integer({ min: -1, max: 0x7fff }),
  baseSequence: fc.integer({ min: -1, max: 0x7fff_ffff }),
  transactional: fc.boolean(),
  compression: fc.constantFrom(...compressions),
});
const batch = fc.record({ records: fc.array(record, { minLength: 1, maxLength: 12 }), origin });
type Written = typeof batch extends fc.Arbitrary<infer T> ? T : never;

function written({ records, origin }: Written, baseOffset = 0): Buffer {
  const writer = new BatchWriter(64);
  for (const { key, value, timestamp, headers } of records) {
    writer.append(key, value, timestamp, headers, 2 ** 30);
  }
  const sealed = Buffer.from(writer.seal(origin));
  sealed.writeBigInt64BE(BigInt(baseOffset));
  return sealed;
}

/** Batches as they stand in a log, one behind the other, and what is in them. */
function log(batches: readonly Written[]): { readonly pieces: Buffer[]; readonly records: ReadRecord[] } {
  const pieces: Buffer[] = [];
  const records: ReadRecord[] = [];
  for (const one of batches) {
    pieces.push(written(one, records.length));
    for (const record of one.records) records.push({ ...record, offset: records.length });
  }
  return { pieces, records };
}

// Shrinking a counterexample takes its time.
describe('record batches', { timeout: 30_000 }, () => {
  it('are read as they were written, with every codec', () => {
    fc.assert(
      fc.property(batch, (one) => {
        const sealed = written(one);
        expect(readBatches(sealed)).toEqual(one.records.map((record, offset) => ({ ...record, offset })));
        const { producerId, producerEpoch, baseSequence } = one.origin;
        expect(readBatchHeaders(sealed)[0]).toMatchObject({ producerId, producerEpoch, baseSequence });
      }),
      { numRuns: 200 },
    );
  });

  it('are no larger with a codec than without', () => {
    fc.assert(
      fc.property(batch, (one) => {
        const plain = written({ ...one, origin: { ...one.origin, compression: 'none' } });
        expect(written(one).length).toBeLessThanOrEqual(plain.length);
      }),
    );
  });

  it('are read one behind the other, and from any offset on', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 5 }), fc.nat({ max: 80 }), (batches, from) => {
        const { pieces, records } = log(batches);
        const all = Buffer.concat(pieces);
        expect(readBatches(all)).toEqual(records);
        const behind = readBatchHeaders(all)
          .filter(({ nextOffset }) => nextOffset > from)
          .flatMap((header) =>
            readRecords(openBatch(all, header, somewhere, Math.max(from, header.baseOffset))),
          );
        expect(behind).toEqual(records.slice(from));
      }),
    );
  });

  it('give what is whole, and no error, wherever what a broker sends is cut off', () => {
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 4 }), fc.double({ min: 0, max: 1, noNaN: true }), (batches, where) => {
        const { pieces, records } = log(batches);
        const all = Buffer.concat(pieces);
        const cut = Math.floor(where * all.length);
        let [end, count] = [0, 0];
        for (const [index, piece] of pieces.entries()) {
          end += piece.length;
          if (end <= cut) count += batches[index]!.records.length;
        }
        expect(readBatches(all.subarray(0, cut))).toEqual(records.slice(0, count));
      }),
    ); // biome-ignore format: one property
  });

  it('notice every byte that is another, but for the two fields the broker sets and no checksum covers', () => {
    const leaderEpoch = 12;
    fc.assert(
      fc.property(batch, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, place, change) => {
        const sealed = written(one, 5);
        const at = 8 + (place % (sealed.length - 8));
        fc.pre(at < leaderEpoch || at >= leaderEpoch + 4);
        sealed[at]! ^= change;
        const error = failureOf(sealed);
        // A length that says more than there is looks like an answer that was cut off.
        if (error === undefined)
          expect([at < leaderEpoch, readBatchHeader(sealed, 0, somewhere)]).toEqual([true, undefined]); // biome-ignore format: one line
        else {
          expect(error).toMatchObject({ code: 'CORRUPT_BATCH', details: { ...somewhere, offset: 5 } });
          expect(error.details.next).toMatch(/\S/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** As a reader does: a batch is checked before anything is believed of what follows it. */
function failureOf(sealed: Buffer): MillraceError | undefined {
  try {
    const header = readBatchHeader(sealed, 0, somewhere);
    if (header !== undefined) readRecords(openBatch(sealed, header, somewhere));
    return undefined;
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}
