import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { windowed } from '../../../src/dsl/codecs/windowed.ts';
import { failure } from '../failure.ts';

const minute = windowed(text, '1m');

describe('windowed', () => {
  property.prop([fc.string({ unit: 'binary' }), fc.nat({ max: 2 ** 52 })])(
    'gives back what it takes',
    (key, start) => {
      const window = { key, start, end: start + 60_000 };
      expect(minute.decode(minute.encode(window))).toEqual(window);
    },
  );

  property.prop([fc.uint8Array(), fc.nat()])('takes inner keys of bytes', (key, start) => {
    const codec = windowed(bytes, 10);
    const window = { key: Buffer.from(key), start, end: start + 10 };
    expect(codec.decode(codec.encode(window))).toEqual(window);
  });

  test("writes as Kafka Streams 4.1.1's TimeWindowedSerializer does: the key, then the start", () => {
    const key = { key: 'hé', start: 258, end: 60_258 };
    expect(minute.encode(key).toString('hex')).toBe('68c3a90000000000000102');
  });

  test('takes empty keys and keys with NULs', () => {
    for (const key of ['', '\0\0']) {
      expect(minute.decode(minute.encode({ key, start: 0, end: 60_000 })).key).toBe(key);
    }
  });

  test('sends windows of a key to the partition of the key', () => {
    expect(minute.partitionBy?.({ key: 'a', start: 0, end: 60_000 })).toBe('a');
    const twice = windowed(minute, '5m');
    expect(twice.partitionBy?.({ key: { key: 'a', start: 0, end: 60_000 }, start: 0, end: 300_000 })).toBe(
      'a',
    );
  });

  property.prop([fc.array(fc.tuple(fc.integer(), fc.nat(20)))])('identifies as its bytes do', (keys) => {
    const codec = windowed(int64, 5);
    const windows = keys.map(([key, start]) => ({ key, start, end: start + 5 }));
    const identities = new Set(windows.map((window) => codec.identity?.(window)));
    expect(identities.size).toBe(new Set(windows.map((window) => codec.encode(window).toString('hex'))).size);
  });

  test('says in its name what it holds and how long a window is', () => {
    expect(minute.name).toBe('windowed(text, 60000ms)');
  });

  test.each([
    { key: 'a', start: 0, end: 1 },
    { key: 'a', start: -60_000, end: 0 },
    { key: 'a', start: 0.5, end: 60_000.5 },
    { key: 'a', start: Number.NaN, end: Number.NaN },
    'a',
    null,
  ])('refuses to write %o', (window) => {
    expect(failure(() => minute.encode(window as never)).code).toBe('ENCODE_FAILED');
  });

  test.each([
    '',
    '00',
    '00000000000000',
    'ffffffffffffffff',
    '7fffffffffffffff',
    '001fffffffffffff',
    'ff0000000000000000',
  ])('refuses to read %s', (hex) => {
    expect(failure(() => minute.decode(Buffer.from(hex, 'hex'))).code).toBe('DECODE_FAILED');
  });

  test('refuses windows without a length', () => {
    expect(failure(() => windowed(text, 0)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => windowed(text, '-1s')).code).toBe('INVALID_DURATION');
  });
});
