import { describe, expect, test } from 'vitest';
import type { Duration } from '../../../src/dsl/windows/duration.ts';
import { type TumblingOptions, tumbling } from '../../../src/dsl/windows/tumbling.ts';
import { failure } from '../failure.ts';

describe('tumbling', () => {
  test('makes windows that touch, without grace and offset', () => {
    expect(tumbling('1m')).toEqual({ kind: 'tumbling', size: 60_000, advance: 60_000, grace: 0, offset: 0 });
  });

  test('takes grace and offset', () => {
    expect(tumbling('1m', { grace: '10s', offset: '5s' })).toMatchObject({ grace: 10_000, offset: 5000 });
    expect(tumbling('1m', { grace: undefined, offset: undefined })).toMatchObject({ grace: 0, offset: 0 });
  });

  test.each<[Duration, Duration, number]>([
    ['1d', '-9h', 54_000_000],
    ['1h', '-9h', 0],
    ['1m', '61s', 1000],
    ['1m', '-61s', 59_000],
    ['1m', '-60s', 0],
  ])('moves windows of %s by %s: they start at %d', (size, offset, expected) => {
    const spec = tumbling(size, { offset });
    expect(Object.is(spec.offset, expected)).toBe(true);
  });

  test('gives a frozen description', () => {
    expect(Object.isFrozen(tumbling(1))).toBe(true);
  });

  test.each<[Duration, TumblingOptions]>([
    [0, {}],
    ['0s', {}],
    [Number.MAX_SAFE_INTEGER, { grace: 1 }],
  ])('refuses %o with %o', (size, options) => {
    expect(failure(() => tumbling(size, options)).code).toBe('INVALID_ARGUMENT');
  });

  test.each<[unknown, object]>([
    ['1minute', {}],
    [undefined, {}],
    ['1m', { grace: '-1s' }],
    ['1m', { grace: '' }],
    ['1m', { offset: 'x' }],
    ['1m', { grace: null, offset: Number.NaN }],
  ])('refuses the durations in %o with %o', (size, options) => {
    expect(failure(() => tumbling(size as Duration, options)).code).toBe('INVALID_DURATION');
  });

  test('knows what was meant', () => {
    const error = failure(() => tumbling('1m', { graze: '1s' } as TumblingOptions));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.details.next).toBe("Did you mean 'grace'?");
    expect(failure(() => tumbling('1m', { advance: '1s' } as TumblingOptions)).message).toContain(
      "no option 'advance'",
    );
    expect(failure(() => tumbling('1m', '10s' as TumblingOptions)).code).toBe('INVALID_ARGUMENT');
  });
});
