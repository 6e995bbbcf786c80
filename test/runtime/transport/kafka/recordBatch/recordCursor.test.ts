import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../../src/dsl/message.ts';
import { MillraceError } from '../../../../../src/errors.ts';
import { BatchWriter } from '../../../../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { openBatch } from '../../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import type { Batch } from '../../../../../src/runtime/transport/transport.ts';
import { batchWith, withChecksum } from './batchWith.ts';
import { readBatchHeaders, readRecords, somewhere } from './readBatches.ts';

const origin = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false };

function batchOf(...values: (string | Buffer | null)[]): Buffer {
  const writer = new BatchWriter(64);
  for (const [index, value] of values.entries())
    writer.append(value, value, 1000 + index, noHeaders, 2 ** 30);
  return Buffer.from(writer.seal(origin));
}

function open(bytes: Buffer, from?: number): Batch {
  return openBatch(bytes, readBatchHeaders(bytes)[0]!, somewhere, from);
}

describe('RecordCursor', () => {
  it('gives keys and values as text, null where there is none', () => {
    const batch = open(batchOf('a', '', 'Grüße 😀', null, '\ufffd'));
    const texts: (string | null)[] = [];
    while (batch.next()) texts.push(batch.keyText(), batch.valueText());
    expect(texts).toEqual(['a', 'a', '', '', 'Grüße 😀', 'Grüße 😀', null, null, '\ufffd', '\ufffd']);
  });

  it('refuses text that is not well-formed, and says where it is', () => {
    const malformed = [
      [0xff],
      [0xc3],
      [0xed, 0xa0, 0x80],
      [0xef, 0xbf, 0xbd, 0x80],
      [0xc0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ];
    for (const bytes of malformed) {
      const batch = open(batchOf('fine', Buffer.from(bytes)));
      batch.next();
      expect(batch.valueText()).toBe('fine');
      batch.next();
      expect(() => batch.keyText()).toThrow(
        expect.objectContaining({
          code: 'DECODE_FAILED',
          details: expect.objectContaining({ ...somewhere, offset: 1 }),
        }),
      );
      expect(() => batch.valueText()).toThrow('the value is not text');
      expect(batch.valueBytes()).toEqual(Buffer.from(bytes));
    }
  });

  it('agrees with the strict decoder of the platform on every text', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const pieces = fc.constantFrom(
      [0x61],
      [0xc3, 0xa9],
      [0xef, 0xbf, 0xbd],
      [0xf0, 0x9f, 0x98, 0x80],
      [0xef, 0xbb, 0xbf],
      [0xc3],
      [0x80],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
        const bytes = Buffer.from(parts.flat());
        const batch = open(batchOf(bytes));
        batch.next();
        let expected: string | undefined;
        try {
          expected = strict.decode(bytes);
        } catch {
          expect(() => batch.valueText()).toThrow(MillraceError);
          return;
        }
        expect(batch.valueText()).toBe(expected);
      }),
    );
  });

  it('starts in the middle of a batch when asked for an offset there', () => {
    const bytes = batchOf('a', 'b', 'c', 'd');
    for (const [from, left] of [
      [0, 4],
      [1, 3],
      [3, 1],
      [4, 0],
    ] as const) {
      const batch = open(bytes, from);
      expect(batch.remaining).toBe(left);
      expect(readRecords(batch).map((record) => String(record.value))).toEqual(
        ['a', 'b', 'c', 'd'].slice(from),
      );
    }
  });

  it('stays at the end', () => {
    const batch = open(batchOf('a'));
    expect([batch.next(), batch.next(), batch.next()]).toEqual([true, false, false]);
  });

  it('gives the same fields however often and in whatever order they are asked for', () => {
    const writer = new BatchWriter();
    writer.append('key', 'value', 5, [['h', Buffer.from('1')]], 2 ** 30);
    writer.append('key 2', 'value 2', 6, noHeaders, 2 ** 30);
    const batch = open(writer.seal(origin));
    batch.next();
    for (let time = 0; time < 2; time++) {
      expect(batch.headers()).toEqual([['h', Buffer.from('1')]]);
      expect(batch.valueText()).toBe('value');
      expect(batch.keyText()).toBe('key');
    }
    batch.next();
    expect([batch.keyText(), batch.headers()]).toEqual(['key 2', noHeaders]);
  });

  it('either reads a batch with a valid checksum or says that it is damaged, whatever stands in it', () => {
    const bytes = batchOf('alpha', null, 'gamma', 'delta');
    const change = fc.tuple(fc.integer({ min: 61, max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          expect(readRecords(open(withChecksum(damaged)))).toHaveLength(4);
        } catch (error) {
          expect(error).toMatchObject({
            code: 'CORRUPT_BATCH',
            details: { ...somewhere, offset: expect.any(Number) },
          });
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('notices a count that does not fit the records', () => {
    for (const count of [1, 3]) {
      const bytes = batchOf('a', 'b');
      bytes.writeInt32BE(count, 57);
      expect(() => readRecords(open(withChecksum(bytes)))).toThrow(
        expect.objectContaining({ code: 'CORRUPT_BATCH' }),
      );
    }
  });

  it('refuses more records than there are bytes for, before it hands out any', () => {
    const bytes = batchOf('a', 'b');
    bytes.writeInt32BE(100_000_000, 57);
    bytes.writeInt32BE(100_000_000, 23);
    expect(() => open(withChecksum(bytes))).toThrow(expect.objectContaining({ code: 'CORRUPT_BATCH' }));
  });

  it('refuses an offset beyond the last of the batch', () => {
    // Length 6, no attributes, no time, offset 1, then nulls: but the batch ends at offset 0.
    const records = Buffer.from([12, 0, 0, 2, 1, 1, 0]);
    const batch = open(batchWith(records, 1, 0, 70));
    expect(() => batch.next()).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ ...somewhere, offset: 70, found: '71' }),
      }),
    );
  });

  it('refuses timestamps a number does not hold exactly, and says which record it is', () => {
    const writer = new BatchWriter();
    for (const timestamp of [0, Number.MAX_SAFE_INTEGER]) {
      writer.append(null, null, timestamp, noHeaders, 2 ** 30);
    }
    const bytes = Buffer.from(writer.seal(origin));
    expect(readRecords(open(bytes)).at(-1)!.timestamp).toBe(Number.MAX_SAFE_INTEGER);
    bytes.writeBigInt64BE(1n, 27); // one later than it was
    const batch = open(withChecksum(bytes));
    expect(batch.next()).toBe(true);
    expect(() => batch.next()).toThrow(
      expect.objectContaining({
        code: 'CORRUPT_BATCH',
        details: expect.objectContaining({
          ...somewhere,
          offset: 1,
          expected: expect.stringContaining('2^53'),
        }),
      }),
    );
  });

  it('gives the time of the batch to every record of a log that says so, whatever the records say', () => {
    const writer = new BatchWriter();
    for (const timestamp of [0, Number.MAX_SAFE_INTEGER]) {
      writer.append(null, null, timestamp, noHeaders, 2 ** 30);
    }
    const bytes = Buffer.from(writer.seal(origin));
    bytes.writeInt16BE(8, 21);
    bytes.writeBigInt64BE(1n, 27);
    bytes.writeBigInt64BE(77n, 35);
    expect(readRecords(open(withChecksum(bytes))).map(({ timestamp }) => timestamp)).toEqual([77, 77]);
  });

  it('gives views of the bytes that were fetched, not copies', () => {
    const bytes = batchOf('a');
    const batch = open(bytes);
    batch.next();
    for (const view of [batch.keyBytes()!, batch.valueBytes()!]) expect(view.buffer).toBe(bytes.buffer);
  });
});
