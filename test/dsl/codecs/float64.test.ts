import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { float64 } from '../../../src/dsl/codecs/float64.ts';
import { failure } from '../failure.ts';

describe('float64', () => {
  property.prop([fc.double()])('gives back every number, NaN, infinities and -0 among them', (value) => {
    expect(float64.decode(float64.encode(value))).toBe(value);
  });

  test.each([
    [1.5, '3ff8000000000000'],
    [-0, '8000000000000000'],
    [Number.NaN, '7ff8000000000000'],
    [Number.MIN_VALUE, '0000000000000001'],
    [Number.NEGATIVE_INFINITY, 'fff0000000000000'],
  ])("writes %d as Kafka 4.1.1's DoubleSerializer does", (value, hex) => {
    expect(float64.encode(value).toString('hex')).toBe(hex);
  });

  test('gives each NaN bytes of its own', () => {
    float64.encode(Number.NaN).fill(0);
    expect(float64.encode(Number.NaN).toString('hex')).toBe('7ff8000000000000');
  });

  test('tells 0 and -0 apart as keys, for their bytes differ', () => {
    expect(new Set([0, -0].map((value) => float64.identity?.(value))).size).toBe(2);
  });

  test.each(['1', 1n, undefined, null, {}])('refuses to write %o', (value) => {
    expect(failure(() => float64.encode(value as number)).code).toBe('ENCODE_FAILED');
  });

  test.each([0, 4, 7, 9])('refuses to read %d bytes', (length) => {
    expect(failure(() => float64.decode(Buffer.alloc(length))).code).toBe('DECODE_FAILED');
  });
});
