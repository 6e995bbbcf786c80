import { fc, test } from '@fast-check/vitest';
import {
  aggregate,
  bytes,
  type Codec,
  count,
  groupBy,
  json,
  sum,
  table,
  text,
  to,
  tumbling,
  window,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { gaps, numbers, rows } from './sources.ts';

describe('aggregate', () => {
  it('goes from the initial value through the records of each key', () => {
    const end = numbers.pipe(
      aggregate(
        () => ({ n: 0, seen: [] as number[] }),
        (total, n, { timestamp }) => ({ n: total.n + n, seen: [...total.seen, timestamp] }),
      ),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 5],
        ['a', 2, 3],
        ['b', 9, 1],
      ]),
    ).toEqual([
      ['a', { n: 1, seen: [5] }, 5],
      ['a', { n: 3, seen: [5, 3] }, 5],
      ['b', { n: 9, seen: [1] }, 1],
    ]);
  });

  it('deletes the row when it is given null, and begins with the initial value again, its time too', () => {
    const end = numbers.pipe(
      aggregate(
        () => 100,
        (total, n) => (n === 0 ? null : total + n),
      ),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 9],
        ['a', 0, 4],
        ['a', 0, 3],
        ['a', 2, 1],
      ]),
    ).toEqual([
      ['a', 101, 9],
      ['a', null, 9],
      ['a', null, 3],
      ['a', 102, 1],
    ]);
  });

  it('hands null values to the aggregator in windows', () => {
    const end = gaps.pipe(
      window(tumbling(10)),
      aggregate(
        () => 0,
        (total, n) => total + (n ?? 100),
      ),
      to('out'),
    );
    expect(
      run(end, [
        ['a', null],
        ['a', 1],
      ]).map((row) => (row as unknown[])[1]),
    ).toEqual([100, 101]);
  });

  it('keeps rows that JSON cannot carry with the codec it is given, through crashes too', () => {
    const sets: Codec<Set<number>> = {
      name: 'sets',
      format: 'text',
      encode: (set) => [...set].join(),
      decode: (read) => new Set(read.split(',').map(Number)),
    };
    const end = numbers.pipe(
      aggregate(
        () => new Set<number>(),
        (seen, n) => new Set([...seen, n]),
        { name: 'seen', value: sets },
      ),
    );
    const driver = drive([end, end.pipe(to('out'))]);
    feed(driver, 'in', [
      ['a', 1],
      ['a', 2],
    ]);
    driver.commit();
    driver.restart();
    expect(feed(driver, 'in', [['a', 1]])).toEqual([['a', new Set([1, 2]), 0]]);
  });

  it('fails a record whose aggregator returns nothing, changes its row, or throws, and says which', () => {
    for (const add of [() => undefined, (total: { n: number }) => void total.n++, () => JSON.parse('{')]) {
      const driver = drive([
        numbers.pipe(
          aggregate(() => Object.freeze({ n: 0 }), add as never, 'totals'),
          to('out'),
        ),
      ]);
      const error = failure(() => feed(driver, 'in', [['a', 1]]));
      expect([error.code, error.details.step, error.details.offset]).toEqual(['STEP_FAILED', 'totals', 0]);
    }
  });

  it('fails a record whose initial value throws', () => {
    const driver = drive([
      numbers.pipe(
        aggregate(
          (): number => JSON.parse('{'),
          (a) => a,
        ),
        to('out'),
      ),
    ]);
    expect(failure(() => feed(driver, 'in', [['a', 1]])).code).toBe('STEP_FAILED');
  });

  it('refuses what are not functions, and a subtractor for streams', () => {
    const loose = aggregate as never as (...functions: unknown[]) => (input: unknown) => void;
    expect(failure(() => loose(0, () => 0)).message).toContain('initial value of aggregate()');
    expect(failure(() => loose(() => 0, 0)).message).toContain('function of aggregate()');
    expect(
      failure(() =>
        loose(
          () => 0,
          () => 0,
          () => 0,
        )(numbers),
      ).code,
    ).toBe('MISPLACED_STEP');
    expect(
      failure(() =>
        loose(
          () => 0,
          () => 0,
        )(rows.pipe(groupBy((n) => String(n)))),
      ).message,
    ).toContain('subtract');
  });
});

describe('on grouped tables', () => {
  const items = table('in', { key: text, value: json<{ group: string | null; n: number }>() });
  const item = (group: string | null, n = 1) => ({ group, n });

  it('says what is taken out with what it was, then what is added, with one result where the group stays', () => {
    const end = items.pipe(
      groupBy((row) => row.group),
      aggregate(
        () => '',
        (seen, row, { key, timestamp }) => `${seen}+${row.n}/${key}@${timestamp}`,
        (seen, row, { key, timestamp }) => `${seen}-${row.n}/${key}@${timestamp}`,
      ),
      to('out'),
    );
    expect(
      run(end, [
        ['1', item('x', 1), 1],
        ['1', item('x', 2), 2],
        ['1', item('y', 2), 3],
      ]),
    ).toEqual([
      ['x', '+1/x@1', 1],
      ['x', '+1/x@1-1/x@2+2/x@2', 2],
      ['x', '+1/x@1-1/x@2+2/x@2-2/x@3', 3],
      ['y', '+2/y@3', 3],
    ]);
  });

  it('begins anew with the initial value where taking out has left nothing, and has nothing to take out of nothing', () => {
    const end = items.pipe(
      groupBy((row) => row.group),
      aggregate(
        () => 1000,
        (total, row) => total + row.n,
        (total, row) => (total - row.n === 1000 ? null : total - row.n),
      ),
      to('out'),
    );
    expect(
      run(end, [
        ['1', item('x', 1), 1],
        ['1', item('x', 2), 2],
        ['1', null, 3],
        ['2', item('x', 5), 4],
      ]),
    ).toEqual([
      ['x', 1001, 1],
      ['x', 1002, 2],
      ['x', null, 3],
      ['x', 1005, 4],
    ]);
  });

  it('counts and sums rows that move, come and go', () => {
    const grouped = items.pipe(groupBy((row) => row.group));
    const driver = drive([
      grouped.pipe(count('counts'), to('out')),
      grouped.pipe(
        sum((row) => row.n, 'sums'),
        to('sums'),
      ),
    ]);
    const counts = feed(driver, 'in', [
      ['1', item('x', 3)],
      ['2', item('x', 4)],
      ['1', item(null, 3)],
      ['2', item('y', 5)],
      ['3', null],
    ]);
    expect(counts).toEqual([
      ['x', 1, 0],
      ['x', 2, 0],
      ['x', 1, 0],
      ['x', 0, 0],
      ['y', 1, 0],
    ]);
    expect(driver.store('sums')).toEqual([
      ['x', { value: 0, timestamp: 0 }],
      ['y', { value: 5, timestamp: 0 }],
    ]);
  });

  it('counts keys of a counted stream rightly: a new key takes nothing out of its group', () => {
    // Kafka Streams without caches takes the count 0 out, which was never added, and stays at 1.
    const keys = numbers.pipe(
      count('each'),
      groupBy(() => 'all'),
      count('keys'),
      to('out'),
    );
    expect(
      run(keys, [
        ['a', 1],
        ['b', 1],
        ['a', 1],
        ['c', 1],
      ]).at(-1),
    ).toEqual(['all', 3, 0]);
  });

  const changes = fc.array(
    fc.tuple(
      fc.constantFrom('1', '2', '3'),
      fc.option(
        fc.record({ group: fc.option(fc.constantFrom('x', 'y')), n: fc.integer({ min: -9, max: 9 }) }),
      ),
    ),
  );
  test.prop([changes])('hold at any time what the rows of the table give', (updates) => {
    const grouped = items.pipe(groupBy((row) => row.group));
    const driver = drive([grouped.pipe(count('counts')), grouped.pipe(sum((row) => row.n, 'sums'))]);
    const table = new Map<string, { group: string | null; n: number }>();
    for (const [key, value] of updates) {
      driver.send('in', { key, value });
      if (value === null) table.delete(key);
      else table.set(key, value);
      const stored = (name: string) => new Map(driver.store(name).map(([group, { value: n }]) => [group, n]));
      for (const group of ['x', 'y']) {
        const members = [...table.values()].filter((row) => row.group === group);
        expect(stored('counts').get(group) ?? 0).toBe(members.length);
        expect(stored('sums').get(group) ?? 0).toBe(members.reduce((total, row) => total + row.n, 0));
      }
    }
  });
});

describe('types', () => {
  it('asks for a codec where JSON cannot carry the rows', () => {
    const add = (seen: Set<number>, n: number) => new Set([...seen, n]);
    // @ts-expect-error a Set would be kept as {}
    const described = numbers.pipe(aggregate(() => new Set<number>(), add));
    expect(described.node.value).toBe(json());
    const all = numbers.pipe(
      aggregate(
        (): Buffer => Buffer.alloc(0),
        (sofar, n) => Buffer.concat([sofar, Buffer.of(n)]),
        { value: bytes },
      ),
    );
    expect(all.node.value).toBe(bytes);
  });
});
