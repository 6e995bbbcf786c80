import { fc, test } from '@fast-check/vitest';
import {
  count,
  emitOnCommit,
  filter,
  globalTable,
  groupBy,
  joinForeignKey,
  joinTable,
  leftJoinTable,
  map,
  outerJoinTable,
  stream,
  suppress,
  table,
  text,
  to,
  toStream,
  toTable,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { feed, type Short, taken } from '../operators/feed.ts';
import { failure } from './failure.ts';

const codecs = { key: text, value: text };
const rates = table('rates', { ...codecs, versioned: 100 });
const asked = stream('asked', codecs);
const ask = asked.pipe(
  leftJoinTable(rates, (_, rate) => rate ?? 'none'),
  to('answers'),
);

type Driver = ReturnType<typeof drive>;
const rateAt = (driver: Driver, key: string, timestamp: number): unknown =>
  (feed(driver, 'asked', [[key, '?', timestamp]], 'answers')[0] as unknown[])[1];
const reasons = (driver: Driver): string[] => driver.drops.map(({ reason }) => reason);

describe('a versioned table', () => {
  it('is joined by streams as of the time of the record', () => {
    const driver = drive([ask]);
    feed(driver, 'rates', [
      ['a', '1', 10],
      ['a', '3', 30],
      ['a', '2', 20],
      ['a', null, 40],
      ['a', null, 25],
    ]);
    const found = [9, 10, 19, 20, 24, 25, 29, 30, 39, 40, 99].map((moment) => rateAt(driver, 'a', moment));
    expect(found).toEqual(['none', '1', '1', '2', '2', 'none', 'none', '3', '3', 'none', 'none']);
  });

  it('forgets what ended longer ago than its history, and drops what comes later than that', () => {
    const driver = drive([ask]);
    feed(driver, 'rates', [
      ['a', '1', 10],
      ['a', '2', 20],
      ['b', 'x', 119],
    ]);
    expect([18, 19, 20].map((moment) => rateAt(driver, 'a', moment))).toEqual(['none', '1', '2']);
    feed(driver, 'rates', [
      ['b', 'y', 120],
      ['b', 'late', 19],
      ['b', 'just', 20],
    ]);
    expect([19, 20].map((moment) => rateAt(driver, 'a', moment))).toEqual(['none', '2']);
    expect(rateAt(driver, 'b', 20)).toBe('just');
    expect(reasons(driver)).toEqual(['late']);
    feed(driver, 'rates', [[null, 'x', 1]]);
    expect(reasons(driver)).toEqual(['late', 'null-key']);
  });

  it('knows the newest row for ever', () => {
    const driver = drive([ask]);
    feed(driver, 'rates', [
      ['a', '1', 10],
      ['b', 'x', 10_000],
    ]);
    expect([9, 10, 5_000].map((moment) => rateAt(driver, 'a', moment))).toEqual(['none', '1', '1']);
  });

  it('shows its newest rows, and its past with the times from which and until which it held', () => {
    const driver = drive([rates]);
    feed(driver, 'rates', [
      ['a', '1', 10],
      ['a', '3', 30],
      ['a', null, 20],
      ['b', 'x', 15],
      ['b', null, 16],
    ]);
    expect(driver.store('rates')).toEqual([['a', { value: '3', timestamp: 30 }]]);
    expect(driver.store('rates-versions')).toEqual([
      [{ key: 'b', start: 15, end: 16 }, { value: 'x', timestamp: 15 }],
      [{ key: 'a', start: 10, end: 20 }, { value: '1', timestamp: 10 }],
      [{ key: 'a', start: 20, end: 30 }, { value: null, timestamp: 20 }],
    ]); // biome-ignore format: one line each
  });

  it('passes on what comes out of order, through filters and maps too', () => {
    const kept = rates.pipe(
      filter((rate) => rate !== 'x'),
      map((rate) => rate.toUpperCase()),
    );
    const driver = drive([rates.pipe(toStream(), to('out')), kept.pipe(to('kept'))]);
    const changes: Short[] = [
      ['a', 'x', 10],
      ['a', 'b', 5],
      ['a', 'x', 7],
      ['a', null, 20],
      ['a', 'c', 15],
    ];
    expect(feed(driver, 'rates', changes)).toEqual(changes);
    expect(taken(driver, 'kept')).toEqual([
      ['a', null, 10],
      ['a', 'B', 5],
      ['a', null, 7],
      ['a', null, 20],
      ['a', 'C', 15],
    ]);
  });

  it('is filtered and mapped as of a time, too', () => {
    const shown = rates.pipe(
      filter((rate) => rate !== 'x'),
      map((rate) => `${rate}!`),
    );
    const driver = drive([
      asked.pipe(
        leftJoinTable(shown, (_, rate) => rate ?? 'none'),
        to('answers'),
      ),
    ]);
    feed(driver, 'rates', [
      ['a', '1', 10],
      ['a', 'x', 20],
      ['a', '3', 30],
    ]);
    expect([10, 20, 30].map((moment) => rateAt(driver, 'a', moment))).toEqual(['1!', 'none', '3!']);
  });

  it('is counted, held back and joined with tables by its newest rows', () => {
    const others = table('others', { ...codecs, versioned: 100 });
    const pair = (a: string | null, b: string | null): string => `${a}+${b}`;
    const ends = [
      rates.pipe(
        groupBy((rate) => rate),
        count('counts'),
        to('counts'),
      ),
      rates.pipe(joinTable(others, pair), to('joined')),
      rates.pipe(outerJoinTable(others, pair), to('outer')),
      rates.pipe(
        joinForeignKey(others, (_, { key }) => key, pair, { name: 'foreign' }),
        to('foreign'),
      ),
      rates.pipe(emitOnCommit(), to('held')),
    ];
    const driver = drive(ends);
    feed(driver, 'others', [['a', 'o', 5]], 'none');
    feed(driver, 'rates', [['a', '2', 20]], 'none');
    const topics = ['counts', 'joined', 'outer', 'foreign'];
    expect(topics.map((topic) => taken(driver, topic).at(-1))).toEqual([
      ['2', 1, 20],
      ['a', '2+o', 20],
      ['a', '2+o', 20],
      ['a', '2+o', 20],
    ]);
    feed(driver, 'rates', [['a', '1', 10]], 'none');
    feed(driver, 'others', [['a', 'n', 2]], 'none');
    driver.commit();
    expect(topics.map((topic) => taken(driver, topic))).toEqual([[], [], [], []]);
    expect(taken(driver, 'held')).toEqual([['a', '2', 20]]);
    expect(reasons(driver)).toEqual(['late', 'late', 'late', 'late', 'late', 'late']);
  });

  it('can be made of a stream', () => {
    const made = stream('rates', codecs).pipe(toTable({ name: 'rates', versioned: '100ms' }));
    const driver = drive([
      asked.pipe(
        joinTable(made, (_, rate) => rate),
        to('answers'),
      ),
    ]);
    feed(driver, 'rates', [
      ['a', '2', 20],
      ['a', '1', 10],
    ]);
    expect([10, 20].map((moment) => rateAt(driver, 'a', moment))).toEqual(['1', '2']);
  });

  it('takes a row that is deleted at the time at which it began for one that has not been', () => {
    const driver = drive([ask]);
    feed(driver, 'rates', [
      ['a', '2', 20],
      ['a', null, 20],
      ['a', '1', 10],
    ]);
    expect(rateAt(driver, 'a', 30)).toBe('1');
    feed(driver, 'rates', [
      ['a', '3', 30],
      ['a', null, 30],
      ['a', '2', 20],
    ]);
    expect([15, 25, 30].map((moment) => rateAt(driver, 'a', moment))).toEqual(['1', '2', 'none']);
  });

  it('refuses times that are none, and is nothing that suppress() or a global table knows', () => {
    expect(failure(() => table('t', { ...codecs, versioned: 'soon' as never })).code).toBe(
      'INVALID_DURATION',
    );
    expect(failure(() => asked.pipe(toTable({ versioned: -1 }))).code).toBe('INVALID_DURATION');
    expect(failure(() => globalTable('t', { ...codecs, versioned: 1 } as never)).message).toContain(
      'versioned',
    );
    expect(failure(() => rates.pipe(suppress({ until: '1s' }))).code).toBe('MISPLACED_STEP');
    expect(
      failure(() =>
        rates.pipe(
          filter(() => true),
          suppress({ until: '1s' }),
        ),
      ).code,
    ).toBe('MISPLACED_STEP');
  });
});

describe('laws', () => {
  const history = 100;
  const step = fc.oneof(
    fc.record({
      put: fc.option(fc.constantFrom('x', 'y', 'z')),
      key: fc.constantFrom('a', 'b'),
      at: fc.integer({ min: 0, max: 30 }),
    }),
    fc.record({ ask: fc.constantFrom('a', 'b'), at: fc.integer({ min: 0, max: 30 }) }),
    fc.constant('restart' as const),
  );
  test.prop([fc.array(step, { maxLength: 60 })], { numRuns: 200 })(
    'it knows what a list of all versions by time says, as far back as its history',
    (steps) => {
      const driver = drive([ask, rates.pipe(toStream(), to('changes'))]);
      const rows = new Map<string, Map<number, string | null>>([['a', new Map()], ['b', new Map()]]); // biome-ignore format: one line
      let now = 0;
      let late = 0;
      for (const one of steps) {
        if (one === 'restart') {
          driver.commit();
          driver.restart();
          continue;
        }
        const at = one.at * 10;
        const row = rows.get('put' in one ? one.key : one.ask)!;
        if ('put' in one) {
          const newest = Math.max(...row.keys());
          // Kafka Streams then says that there has been no such row: an example of its own.
          if (one.put === null && newest === at) continue;
          driver.send('rates', { key: one.key, value: one.put, timestamp: at });
          if (at < now - history) late++;
          else row.set(at, one.put);
          now = Math.max(now, at);
          expect(driver.drops).toHaveLength(late);
          continue;
        }
        const known = [...row].filter(([from]) => from <= at).sort(([a], [b]) => b - a)[0];
        const isNewest = known?.[0] === Math.max(...row.keys());
        const expected = at < now - history && !isNewest ? null : known?.[1];
        expect(rateAt(driver, one.ask, at)).toBe(expected ?? 'none');
      }
      driver.close();
    },
  );
});
