import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../../../../src/runtime/transport/kafka/protocol/encoder.ts';

type Field = readonly [
  write: (encoder: Encoder) => void,
  read: (decoder: Decoder) => unknown,
  value: unknown,
];

function field<T>(
  values: fc.Arbitrary<T>,
  write: (encoder: Encoder, value: T) => unknown,
  read: (decoder: Decoder) => T,
): fc.Arbitrary<Field> {
  return values.map((value) => [(encoder) => void write(encoder, value), read, value]);
}

const int64 = fc.maxSafeInteger();
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('x'.repeat(700)));
const bytes = fc
  .oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1000, maxLength: 3000 }))
  .map((array): Buffer => Buffer.from(array));

const anyField = fc.oneof(
  field(
    fc.integer({ min: -128, max: 127 }),
    (e, v) => e.int8(v),
    (d) => d.int8(),
  ),
  field(
    fc.integer({ min: -32768, max: 32767 }),
    (e, v) => e.int16(v),
    (d) => d.int16(),
  ),
  field(
    int32,
    (e, v) => e.int32(v),
    (d) => d.int32(),
  ),
  field(
    uint32,
    (e, v) => e.uint32(v),
    (d) => d.uint32(),
  ),
  field(
    int64,
    (e, v) => e.int64(v),
    (d) => d.int64(),
  ),
  field(
    fc.double(),
    (e, v) => e.float64(v),
    (d) => d.float64(),
  ),
  field(
    fc.boolean(),
    (e, v) => e.boolean(v),
    (d) => d.boolean(),
  ),
  field(
    uint32,
    (e, v) => e.uvarint(v),
    (d) => d.uvarint(),
  ),
  field(
    int32,
    (e, v) => e.varint(v),
    (d) => d.varint(),
  ),
  field(
    int64,
    (e, v) => e.varlong(v),
    (d) => d.varlong(),
  ),
  field(
    text,
    (e, v) => e.string(v),
    (d) => d.string(),
  ),
  field(
    fc.option(text),
    (e, v) => e.nullableString(v),
    (d) => d.nullableString(),
  ),
  field(
    text,
    (e, v) => e.compactString(v),
    (d) => d.compactString(),
  ),
  field(
    fc.option(text),
    (e, v) => e.compactNullableString(v),
    (d) => d.compactNullableString(),
  ),
  field(
    bytes,
    (e, v) => e.bytes(v),
    (d) => d.bytes(),
  ),
  field(
    fc.option(bytes),
    (e, v) => e.nullableBytes(v),
    (d) => d.nullableBytes(),
  ),
  field(
    bytes,
    (e, v) => e.compactBytes(v),
    (d) => d.compactBytes(),
  ),
  field(
    fc.option(bytes),
    (e, v) => e.compactNullableBytes(v),
    (d) => d.compactNullableBytes(),
  ),
  field(
    fc.array(int32),
    (e, v) => e.array(v, (item) => e.int32(item)),
    (d) => d.array((item) => item.int32()),
  ),
  field(
    fc.array(text, { maxLength: 5 }),
    (e, v) => e.compactArray(v, (item) => e.compactString(item)),
    (d) => d.compactArray((item) => item.compactString()),
  ),
);

describe('Encoder and Decoder', () => {
  test.prop([fc.array(anyField), fc.integer({ min: 1, max: 64 })])(
    'read back any sequence of fields, whatever the buffer it began with',
    (fields, capacity) => {
      const encoder = new Encoder(capacity);
      for (const [write] of fields) write(encoder);
      const { size } = encoder;
      const buffer = encoder.toBuffer();
      expect(buffer.length).toBe(size);
      const decoder = new Decoder(buffer);
      for (const [, read, value] of fields) expect(read(decoder)).toStrictEqual(value);
      expect(decoder.remaining).toBe(0);
    },
  );

  test.prop([fc.uint8Array({ maxLength: 60 }), fc.array(anyField, { minLength: 1 })])(
    'reading foreign bytes either works or says so, and never runs past the end',
    (foreign, fields) => {
      const decoder = new Decoder(Buffer.from(foreign));
      try {
        for (const [, read] of fields) read(decoder);
      } catch (error) {
        expect(error).toMatchObject({ code: 'BROKER_REFUSED' });
      }
      expect(decoder.offset).toBeLessThanOrEqual(foreign.length);
    },
  );
});

describe('Encoder', () => {
  const hex = (write: (encoder: Encoder) => unknown) => {
    const encoder = new Encoder(4);
    write(encoder);
    return encoder.toBuffer().toString('hex');
  };

  it.each<[string, (encoder: Encoder) => unknown, string]>([
    ['int16 -1', (e) => e.int16(-1), 'ffff'],
    ['int64 -1', (e) => e.int64(-1), 'ffffffffffffffff'],
    ['int64 2^53-1', (e) => e.int64(Number.MAX_SAFE_INTEGER), '001fffffffffffff'],
    ['int64 -(2^53-1)', (e) => e.int64(Number.MIN_SAFE_INTEGER), 'ffe0000000000001'],
    ['uvarint 300', (e) => e.uvarint(300), 'ac02'],
    ['uvarint 2^32-1', (e) => e.uvarint(2 ** 32 - 1), 'ffffffff0f'],
    ['varint -1', (e) => e.varint(-1), '01'],
    ['varint 1', (e) => e.varint(1), '02'],
    ['varint -2^31', (e) => e.varint(-(2 ** 31)), 'ffffffff0f'],
    ['varlong 2^40', (e) => e.varlong(2 ** 40), '808080808040'],
    ['string', (e) => e.string('é'), '0002c3a9'],
    ['null string', (e) => e.nullableString(null), 'ffff'],
    ['compact string', (e) => e.compactString('ab'), '036162'],
    ['null compact string', (e) => e.compactNullableString(null), '00'],
    ['empty compact array', (e) => e.compactArray([], () => {}), '01'],
    ['no tags', (e) => e.noTags(), '00'],
  ])('writes %s as the protocol says', (_, write, expected) => {
    expect(hex(write)).toBe(expected);
  });

  it('keeps a large buffer by reference', () => {
    const large = Buffer.alloc(100_000, 1);
    const encoder = new Encoder().int32(1).raw(large).int32(2);
    expect(encoder.chunks()).toHaveLength(3);
    expect(encoder.chunks()[1]).toBe(large);
  });

  it.each([2 ** 53, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d as a 64-bit integer', (value) => {
    expect(() => new Encoder().int64(value)).toThrow(/INTERNAL/);
    expect(() => new Encoder().varlong(value)).toThrow(/INTERNAL/);
  });

  it('refuses a string whose length does not fit', () => {
    expect(() => new Encoder().string('x'.repeat(40_000))).toThrow(/32767/);
  });
});

describe('Decoder', () => {
  it('hands out bytes as views', () => {
    const buffer = Buffer.from('00000003616263', 'hex');
    const bytes = new Decoder(buffer).bytes();
    expect(bytes.buffer).toBe(buffer.buffer);
    expect(bytes.byteOffset).toBe(buffer.byteOffset + 4);
  });

  it('refuses an integer that a number cannot hold', () => {
    expect(() => new Decoder(Buffer.from('0020000000000000', 'hex')).int64()).toThrow(/2\^53/);
  });

  it('refuses an array longer than what is left, before reading it', () => {
    expect(() => new Decoder(Buffer.from('7fffffff', 'hex')).array((d) => d.int8())).toThrow(
      /2147483647 items/,
    );
  });

  it('skips tagged fields', () => {
    const decoder = new Decoder(Buffer.from('020003aabbcc01012a07', 'hex'));
    decoder.tags();
    expect(decoder.remaining).toBe(1);
  });
});
