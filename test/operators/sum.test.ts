import { fc, test } from '@fast-check/vitest';
import {
  groupBy,
  json,
  max,
  min,
  type Op,
  stream,
  sum,
  type Table,
  text,
  to,
  tumbling,
  window,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { numbers, rows } from './sources.ts';

const orders = stream('in', { key: text, value: json<{ amount: number }>() });

describe('sum', () => {
  it('emits the sum per key, at the largest timestamp that went in', () => {
    const end = orders.pipe(
      sum((order) => order.amount),
      to('out'),
    );
    expect(
      run(end, [
        ['a', { amount: 3 }, 5],
        ['b', { amount: 1 }, 1],
        ['a', { amount: -4 }, 2],
      ]),
    ).toEqual([
      ['a', 3, 5],
      ['b', 1, 1],
      ['a', -1, 5],
    ]);
  });

  it('sums per window, and tells the function the window', () => {
    const end = numbers.pipe(
      window(tumbling(10)),
      sum((n, { key }) => n + key.start),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 5],
        ['a', 1, 15],
      ]),
    ).toEqual([
      [{ key: 'a', start: 0, end: 10 }, 1, 5],
      [{ key: 'a', start: 10, end: 20 }, 11, 15],
    ]);
  });

  it.each([undefined, null, '3', Number.NaN, Number.POSITIVE_INFINITY])(
    'fails a record for which the function gives %o, and keeps the sum',
    (bad) => {
      const loose = stream('in', { key: text, value: json<{ amount: number }>() });
      const driver = drive([
        loose.pipe(
          sum((order) => (order.amount === 13 ? (bad as number) : order.amount), 'sums'),
          to('out'),
        ),
      ]);
      feed(driver, 'in', [['a', { amount: 1 }]]);
      const error = failure(() => feed(driver, 'in', [['a', { amount: 13 }]]));
      expect([error.code, error.details.step]).toEqual(['STEP_FAILED', 'sums']);
      expect(error.message).toContain('finite number');
    },
  );

  it('fails a record that takes the sum beyond all numbers', () => {
    const driver = drive([
      numbers.pipe(
        sum(() => Number.MAX_VALUE),
        to('out'),
      ),
    ]);
    feed(driver, 'in', [['a', 1]]);
    expect(failure(() => feed(driver, 'in', [['a', 1]])).code).toBe('STEP_FAILED');
  });

  it('refuses what is not a function', () => {
    expect(failure(() => sum('amount' as never)).message).toContain('function of sum()');
  });
});

type Fold = (f: (n: number) => number) => Op<typeof numbers, Table<string, number>>;

describe.each<[string, Fold, (a: number, b: number) => number]>([
  ['min', (f) => min(f), Math.min],
  ['max', (f) => max(f), Math.max],
  ['sum', (f) => sum(f), (a, b) => a + b],
])('%s', (_, step, combine) => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -99, max: 99 }), fc.nat(50)))])(
    'is the fold of the numbers of each key',
    (records) => {
      const seen = new Map<string, [number, number]>();
      const expected = records.map(([key, n, at]) => {
        const known = seen.get(key);
        const next: [number, number] =
          known === undefined ? [n, at] : [combine(known[0], n), Math.max(known[1], at)];
        seen.set(key, next);
        return [key, ...next];
      });
      expect(
        run(
          numbers.pipe(
            step((n) => n),
            to('out'),
          ),
          records,
        ),
      ).toEqual(expected);
    },
  );
});

describe('min and max', () => {
  it('emit an unchanged result too, as each record may move its time', () => {
    expect(
      run(
        numbers.pipe(
          min((n) => n),
          to('out'),
        ),
        [
          ['a', 1, 1],
          ['a', 5, 2],
        ],
      ),
    ).toEqual([
      ['a', 1, 1],
      ['a', 1, 2],
    ]);
    expect(
      run(
        numbers.pipe(
          max((n) => n),
          to('out'),
        ),
        [
          ['a', 1, 1],
          ['a', 5, 2],
        ],
      ),
    ).toEqual([
      ['a', 1, 1],
      ['a', 5, 2],
    ]);
  });

  it('fail records that give no number', () => {
    const driver = drive([
      orders.pipe(
        max((order) => order.amount),
        to('out'),
      ),
    ]);
    expect(failure(() => feed(driver, 'in', [['a', {}]])).code).toBe('STEP_FAILED');
  });

  it('refuse grouped tables: what is largest without a row cannot be told', () => {
    const grouped = rows.pipe(groupBy((n) => String(n)));
    const error = failure(() => max((n: number) => n)(grouped as never));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('aggregate(initial, add, subtract)');
  });
});
