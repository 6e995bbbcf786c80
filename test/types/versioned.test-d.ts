import { describe, expectTypeOf, test } from 'vitest';
import {
  type Codec,
  globalTable,
  int64,
  joinTable,
  json,
  leftJoinTable,
  map,
  type Stream,
  stream,
  type Table,
  table,
  text,
  toTable,
} from '../../src/index.ts';

const orders = stream('orders', { key: text, value: int64 });
const rates = table('rates', { key: text, value: int64, versioned: '1h' });
const sets: Codec<Set<number>> = json() as unknown as Codec<Set<number>>;
const manySets = orders.pipe(map((order) => new Set([order])));

describe('versioned tables', () => {
  test('are tables', () => {
    expectTypeOf(rates).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(orders.pipe(toTable({ versioned: 5_000 }))).toEqualTypeOf<Table<string, number>>();
    // @ts-expect-error no time
    table('rates', { key: text, value: int64, versioned: true });
    // @ts-expect-error global tables know only how rows are now
    globalTable('rates', { key: text, value: int64, versioned: '1h' });
    // @ts-expect-error only windows have a retention
    orders.pipe(toTable({ retention: '1h' }));
  });
});

describe('joinTable with a grace', () => {
  test('is for streams', () => {
    const times = (order: number, rate: number | null): number => order * (rate ?? 1);
    expectTypeOf(orders.pipe(joinTable(rates, times, { grace: '10s' }))).toEqualTypeOf<
      Stream<string, number>
    >();
    expectTypeOf(
      orders.pipe(leftJoinTable(rates, times, { grace: 0, name: 'waiting', left: int64 })),
    ).toEqualTypeOf<Stream<string, number>>();
    // @ts-expect-error tables wait for nothing
    rates.pipe(joinTable(rates, times, { grace: '10s' }));
  });

  test('wants a codec for what waits and JSON cannot carry', () => {
    const times = (order: Set<number>, rate: number): number => order.size * rate;
    expectTypeOf(manySets.pipe(joinTable(rates, times))).toEqualTypeOf<Stream<string, number>>();
    manySets.pipe(joinTable(rates, times, { grace: '10s', left: sets }));
    // @ts-expect-error sets are nothing JSON can carry
    manySets.pipe(joinTable(rates, times, { grace: '10s' }));
  });
});
