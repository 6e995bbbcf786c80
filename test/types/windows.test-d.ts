import { describe, expectTypeOf, test } from 'vitest';
import { type AlignedWindows, type Duration, hopping, tumbling } from '../../src/index.ts';

describe('Duration', () => {
  test('is a number with a unit, or milliseconds', () => {
    expectTypeOf<'5m'>().toExtend<Duration>();
    expectTypeOf<'500ms' | '1.5h' | '-9h' | '7d' | '30s' | 1000>().toExtend<Duration>();
    const size = 5;
    const computed: Duration = `${size}m`;
    expectTypeOf(computed).toExtend<Duration>();
  });

  test('is nothing else', () => {
    expectTypeOf<'1minute'>().not.toExtend<Duration>();
    expectTypeOf<''>().not.toExtend<Duration>();
    expectTypeOf<'5'>().not.toExtend<Duration>();
    expectTypeOf<'m'>().not.toExtend<Duration>();
    expectTypeOf<'1.5x'>().not.toExtend<Duration>();
    expectTypeOf<'1m30s'>().not.toExtend<Duration>();
    expectTypeOf<'1M'>().not.toExtend<Duration>();
    expectTypeOf<bigint>().not.toExtend<Duration>();
  });
});

describe('tumbling', () => {
  test('takes durations', () => {
    expectTypeOf(tumbling('1d', { offset: '-9h', grace: 0 })).toEqualTypeOf<AlignedWindows>();
    // @ts-expect-error not a unit
    tumbling('1minute');
    // @ts-expect-error not a duration
    tumbling('1m', { grace: 'short' });
    // @ts-expect-error no such option
    tumbling('1m', { advance: '1s' });
  });
});

describe('hopping', () => {
  test('needs its advance', () => {
    expectTypeOf(hopping('10m', { advance: '1m' })).toEqualTypeOf<AlignedWindows>();
    // @ts-expect-error no advance
    hopping('10m');
    // @ts-expect-error no advance
    hopping('10m', { grace: '1s' });
  });
});
