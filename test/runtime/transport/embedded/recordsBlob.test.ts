import { fc, it } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Encoded } from '../../../../src/dsl/codecs/codec.ts';
import type { Headers } from '../../../../src/dsl/message.ts';
import { Records } from '../../../../src/runtime/transport/embedded/records.ts';
import { decodeRecords, encodeRecords } from '../../../../src/runtime/transport/embedded/recordsBlob.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 20 }).map((some) => some.toWellFormed());
const encoded = fc.oneof(fc.constant(null), text, bytes);
const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  fc.array(fc.tuple(text, fc.option(bytes)), { maxLength: 3 }),
);
const timestamp = fc.oneof(fc.integer(), fc.constantFrom(-1, 0, 1_700_000_000_000, 8.64e15));
const record = fc.record({ key: encoded, value: encoded, timestamp, headers, gap: fc.nat(3) });

const asBytes = (part: Encoded | null): Buffer | null =>
  typeof part === 'string' ? Buffer.from(part) : part;
const hex = (part: Encoded | null): string | undefined => asBytes(part)?.toString('hex');
const plain = (some: Headers): unknown => some.map(([name, content]) => [name, content && hex(content)]);

describe('recordsBlob', () => {
  it.prop([fc.array(record, { maxLength: 20 }), fc.boolean()])(
    'gives back what was written',
    (all, hasGaps) => {
      const records = new Records();
      if (hasGaps) records.offsets = [];
      let offset = 0;
      for (const one of all) {
        records.push(one.key, one.value, one.timestamp, one.headers as Headers);
        records.offsets?.push(offset);
        offset += 1 + one.gap;
      }
      const read = decodeRecords(encodeRecords(records));
      expect(read.count).toBe(all.length);
      expect(read.offsets).toEqual(records.offsets);
      all.forEach((one, index) => {
        expect([hex(read.keys[index]!), hex(read.values[index]!)]).toEqual([hex(one.key), hex(one.value)]);
        expect(read.timestamps[index]).toBe(one.timestamp);
        expect(plain(read.headers?.[index] ?? [])).toEqual(plain(one.headers as Headers));
      });
    },
  );
});
