import { describe, expect, test } from 'vitest';
import { type HoppingOptions, hopping } from '../../../src/dsl/windows/hopping.ts';
import { failure } from '../failure.ts';

describe('hopping', () => {
  test('makes windows that overlap', () => {
    const spec = hopping('10m', { advance: '1m', grace: '1s', offset: '-1s' });
    expect(spec).toEqual({ kind: 'hopping', size: 600_000, advance: 60_000, grace: 1000, offset: 59_000 });
    expect(Object.isFrozen(spec)).toBe(true);
  });

  test('takes an advance as long as the windows, and one that does not divide them', () => {
    expect(hopping('1m', { advance: '1m' }).advance).toBe(60_000);
    expect(hopping('1m', { advance: '7s' }).advance).toBe(7000);
  });

  test.each<[number, HoppingOptions]>([
    [0, { advance: 1 }],
    [10, { advance: 0 }],
    [10, { advance: 11 }],
  ])('refuses windows of %d ms with %o', (size, options) => {
    expect(failure(() => hopping(size, options)).code).toBe('INVALID_ARGUMENT');
  });

  test('refuses a missing advance and missing options', () => {
    expect(failure(() => hopping(10, {} as HoppingOptions)).code).toBe('INVALID_DURATION');
    expect(failure(() => hopping(10, undefined as unknown as HoppingOptions)).code).toBe('INVALID_ARGUMENT');
  });

  test('knows what was meant', () => {
    const error = failure(() => hopping(10, { advance: 5, ofset: 1 } as HoppingOptions));
    expect(error.details.next).toBe("Did you mean 'offset'?");
  });
});
