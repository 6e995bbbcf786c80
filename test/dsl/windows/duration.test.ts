import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Duration, milliseconds, signedMilliseconds } from '../../../src/dsl/windows/duration.ts';
import { failure } from '../failure.ts';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof units;

describe('milliseconds', () => {
  test.each<[Duration, number]>([
    ['0ms', 0],
    ['500ms', 500],
    ['1s', 1000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['1.1s', 1100],
    ['1.10s', 1100],
    ['0.001s', 1],
    ['4.35s', 4350],
    ['007s', 7000],
    [0, 0],
    [-0, 0],
    [1500, 1500],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('reads %j as %d', (duration, expected) => {
    expect(milliseconds(duration, 'size')).toBe(expected);
  });

  property.prop([fc.nat(10 ** 6), fc.constantFrom<Unit>('ms', 's', 'm', 'h', 'd')])(
    'multiplies by the unit',
    (count, unit) => {
      expect(milliseconds(`${count}${unit}`, 'size')).toBe(count * units[unit]);
    },
  );

  property.prop([fc.nat({ max: 10 ** 9 })])('is exact in fractions of a second', (ms) => {
    expect(
      milliseconds(`${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}s` as Duration, 'size'),
    ).toBe(ms);
  });

  test.each(
    [
      [
        '',
        ' ',
        's',
        '5',
        '1.5x',
        '1minute',
        '1 m',
        ' 1m',
        '1m ',
        '1M',
        '1m30s',
        '.5s',
        '5.s',
        '1e3s',
        '+1s',
        '0x1s',
        'NaNs',
      ],
      ['Infinitys', '0.5ms', '1.0005s', '99999999999999d', '-1s', '1s\n', '１s'],
      [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, null, undefined, 5n, {}, ['1s'], true],
    ].flat(),
  )('refuses %o', (duration) => {
    const error = failure(() => milliseconds(duration as Duration, 'size of tumbling()'));
    expect(error.code).toBe('INVALID_DURATION');
    expect(error.message).toContain('size of tumbling()');
    expect(error.details.expected).toContain("'5m'");
    expect(error.details.found).toBeDefined();
  });
});

describe('signedMilliseconds', () => {
  test.each<[Duration, number]>([
    ['-9h', -32_400_000],
    ['-0s', 0],
    ['-1.5s', -1500],
    ['9h', 32_400_000],
    [-5, -5],
    [-0, 0],
  ])('reads %j as %d', (duration, expected) => {
    expect(signedMilliseconds(duration, 'offset')).toBe(expected);
  });

  test.each(['--1s', '- 1s', '-', '-s', Number.NaN, -0.5])('refuses %o', (duration) => {
    expect(failure(() => signedMilliseconds(duration as Duration, 'offset')).code).toBe('INVALID_DURATION');
  });
});
