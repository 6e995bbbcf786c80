import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { int64, readInt64, writeInt64 } from '../../../src/dsl/codecs/int64.ts';
import { failure } from '../failure.ts';

const long = (value: bigint): Buffer => {
  const source = Buffer.alloc(8);
  source.writeBigInt64BE(value);
  return source;
};

describe('int64', () => {
  property.prop([fc.maxSafeInteger()])('gives back what it takes, in the bytes of a Java long', (value) => {
    const written = int64.encode(value);
    expect(written).toEqual(long(BigInt(value)));
    expect(int64.decode(written)).toBe(value + 0);
  });

  property.prop([fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })])(
    'reads any long exactly or refuses it',
    (value) => {
      const source = long(value);
      if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
        expect(BigInt(int64.decode(source))).toBe(value);
      } else {
        expect(failure(() => int64.decode(source)).code).toBe('DECODE_FAILED');
      }
    },
  );

  test.each([
    [0, '0000000000000000'],
    [-1, 'ffffffffffffffff'],
    [4294967296, '0000000100000000'],
    [-4294967297, 'fffffffeffffffff'],
    [9007199254740991, '001fffffffffffff'],
    [-9007199254740991, 'ffe0000000000001'],
  ])("writes %d as Kafka 4.1.1's LongSerializer does", (value, hex) => {
    expect(int64.encode(value).toString('hex')).toBe(hex);
  });

  test.each([2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
    'refuses to read %s',
    (value) => {
      expect(failure(() => int64.decode(long(value))).code).toBe('DECODE_FAILED');
    },
  );

  test.each([2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 32, -(2 ** 32), 2 ** 31, -1, 0])(
    'takes the edge %d',
    (value) => {
      expect(int64.decode(int64.encode(value))).toBe(value);
    },
  );

  test.each([2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', 1n, undefined, null])(
    'refuses to write %o',
    (value) => {
      expect(failure(() => int64.encode(value as number)).code).toBe('ENCODE_FAILED');
    },
  );

  test.each([0, 4, 7, 9, 16])('refuses to read %d bytes', (length) => {
    const error = failure(() => int64.decode(Buffer.alloc(length)));
    expect(error.code).toBe('DECODE_FAILED');
    expect(error.details.found).toBe(`${length} bytes`);
  });
});

describe('writeInt64', () => {
  property.prop([fc.maxSafeInteger(), fc.nat(5)])(
    'writes in place what readInt64 reads',
    (value, position) => {
      const target = Buffer.alloc(16, 0xaa);
      writeInt64(target, value, position);
      expect(readInt64(target, position)).toBe(value + 0);
      expect(target[position + 8]).toBe(0xaa);
    },
  );
});
