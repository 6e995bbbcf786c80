import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  bytes,
  int64,
  json,
  type Op,
  type ProcessStore,
  type ProcessTimeStore,
  type ProcessVersionedStore,
  process,
  type RowsFrom,
  type Stream,
  text,
  to,
} from '../../src/index.ts';
import { drive } from '../../src/runtime/testing/index.ts';
import { failure } from '../dsl/failure.ts';
import { feed } from './feed.ts';
import { numbers } from './sources.ts';

type Numbers = Stream<string, number>;
const codecs = { key: text, value: json<number>() };
/** Runs what a test does with a store, in the turn of each record of that value. */
function stored<Store>(options: object, turns: Record<number, (store: Store) => unknown>) {
  const results: unknown[] = [];
  const step = process({ stores: { rows: { ...codecs, ...options } } }, ({ stores }) => ({ value }) => {
    results.push(turns[value]!(stores.rows as unknown as Store));
  }) as unknown as Op<Numbers, Numbers>;
  const driver = drive([numbers.pipe(step, to('out'))]);
  return {
    driver,
    turn(value: number, timestamp = 0): unknown {
      feed(driver, 'in', [['x', value, timestamp]]);
      return results.at(-1);
    },
    restart() {
      driver.commit();
      driver.restart();
    },
  };
}

describe('process, with rows by key', () => {
  type Rows = ProcessStore<string, number>;
  const keys = (rows: Rows, asked?: RowsFrom<string>) => Array.from(rows.entries(asked), ([key]) => key);
  const fill = (rows: Rows) => {
    for (const key of ['b', 'a', 'ab', 'c', 'ba']) rows.put(key, 1);
  };

  it.each<[string, RowsFrom<string>, string[]]>([
    ['from a key to a key, both included', { from: 'ab', to: 'ba' }, ['ab', 'b', 'ba']],
    ['from a key on', { from: 'b' }, ['b', 'ba', 'c']],
    ['up to a key', { to: 'ab' }, ['a', 'ab']],
    ['from the last to the first', { reverse: true }, ['c', 'ba', 'b', 'ab', 'a']],
    ['of a range backwards', { from: 'ab', to: 'b', reverse: true }, ['b', 'ab']],
    ['whose keys begin alike', { prefix: 'a' }, ['a', 'ab']],
    ['backwards, whose keys begin alike', { prefix: 'b', reverse: true }, ['ba', 'b']],
  ])('lists rows %s, before and after a restart', (_, asked, expected) => {
    const { turn, restart } = stored<Rows>({}, { 1: fill, 2: (rows) => keys(rows, asked) });
    turn(1);
    expect(turn(2)).toEqual(expected);
    restart();
    expect(turn(2)).toEqual(expected);
  });

  test.prop([
    fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('a', '\ud7ff', '\ue000', '\u{10ffff}'), maxLength: 2 }),
  ])('finds by prefix what begins so, and nothing else', (names, prefix) => {
    const all = [...names, prefix, `${prefix}a`, `${prefix}\u{10ffff}`];
    const { turn } = stored<Rows>(
      {},
      {
        1: (rows) => {
          for (const key of all) rows.put(key, 1);
        },
        2: (rows) => keys(rows, { prefix }),
      },
    );
    turn(1);
    const begins = all.filter((key) => key.startsWith(prefix));
    expect(new Set(turn(2) as string[])).toEqual(new Set(begins));
  });

  it('finds bytes by prefix, up to the last that there are', () => {
    const step: Op<Numbers, Numbers> = process(
      { stores: { rows: { key: bytes, value: codecs.value } } },
      ({ stores: { rows }, emit }) =>
        () => {
          for (const key of [[1], [255], [255, 255], [255, 255, 3]]) rows.put(Buffer.from(key), key.length);
          for (const [, value] of rows.entries({ prefix: Buffer.from([255, 255]) })) emit({ value });
          for (const [, value] of rows.entries({ prefix: Buffer.from([1]) })) emit({ value });
        },
    );
    const driver = drive([numbers.pipe(step, to('out'))]);
    expect(feed(driver, 'in', [['x', 0]])).toEqual([
      ['x', 2, 0],
      ['x', 3, 0],
      ['x', 1, 0],
    ]);
  });

  it('tells when a row was put: with the record, or at the time it was given', () => {
    const { turn } = stored<Rows>(
      {},
      {
        1: (rows) => rows.put('a', 1),
        2: (rows) => rows.put('a', 1, 77),
        3: (rows) => rows.timestamp('a'),
      },
    );
    expect(turn(3)).toBeUndefined();
    turn(1, 5);
    expect(turn(3, 6)).toBe(5);
    turn(2, 7);
    expect(turn(3, 8)).toBe(77);
  });

  it.each<[string, string, (rows: Rows) => unknown]>([
    ['options that do not exist', 'INVALID_ARGUMENT', (rows) => keys(rows, { start: 'a' } as never)],
    [
      'a prefix that is not written so',
      'INVALID_ARGUMENT',
      (rows) => keys(rows, { prefix: Buffer.from('a') }),
    ],
    ['a prefix and bounds', 'INVALID_ARGUMENT', (rows) => keys(rows, { prefix: 'a', from: 'a' })],
    ['times that are none', 'INVALID_TIMESTAMP', (rows) => rows.put('a', 1, 0.5)],
  ])('refuses %s', (_, code, use) => {
    expect(failure(() => stored<Rows>({}, { 1: use }).turn(1))).toMatchObject({ code });
  });
});

describe('process, with rows by key and time', () => {
  type Rows = ProcessTimeStore<string, number>;
  const opened = () =>
    stored<Rows>(
      { retention: '100ms' },
      {
        1: (rows) => {
          for (const time of [10, 30, 20]) rows.put('a', time, time);
        },
        2: (rows) => [...rows.fetch('a', 10, 25)],
        3: (rows) => [...rows.between(0, 1000)],
        4: (rows) => rows.put('b', 119, 4),
        5: (rows) => rows.delete('a', 30),
        6: (rows) => [rows.get('a', 20), rows.get('a', 21)],
      },
    );

  it('gives the rows of a key, and of all keys, by time, before and after a restart', () => {
    const { turn, restart } = opened();
    turn(1);
    turn(4);
    for (const again of [false, true]) {
      if (again) restart();
      expect(turn(2)).toEqual([[20, 20]]);
      expect(turn(3)).toEqual([
        ['a', 20, 20],
        ['a', 30, 30],
        ['b', 119, 4],
      ]);
      expect(turn(6)).toEqual([20, undefined]);
    }
    turn(5);
    expect(turn(3)).toEqual([
      ['a', 20, 20],
      ['b', 119, 4],
    ]);
  });

  it('forgets what lies the retention or more behind the latest time', () => {
    const { turn } = opened();
    turn(1);
    expect(turn(2)).toEqual([
      [10, 10],
      [20, 20],
    ]);
    turn(4);
    expect(turn(2)).toEqual([[20, 20]]);
  });

  it('is kept only so long as it must be: a store without a retention has no times', () => {
    const none = { stores: { rows: { ...codecs, retention: 0 } } };
    expect(failure(() => process(none, () => () => {}))).toMatchObject({ code: 'INVALID_DURATION' });
    const both = { stores: { rows: { ...codecs, retention: '1m', versioned: '1m' } } } as never;
    expect(failure(() => process(both, () => () => {}))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const { turn } = stored<Rows>({ retention: '1m' }, { 1: (rows) => rows.put('a', -1, 1) });
    expect(failure(() => turn(1))).toMatchObject({ code: 'INVALID_TIMESTAMP' });
  });
});

describe('process, with versions', () => {
  type Rows = ProcessVersionedStore<string, number>;
  const opened = () =>
    stored<Rows>(
      { versioned: '100ms' },
      {
        1: (rows) => rows.put('a', 1),
        2: (rows) => rows.put('a', 2, 20),
        3: (rows) => [
          rows.get('a'),
          rows.timestamp('a'),
          rows.get('a', 25),
          rows.timestamp('a', 25),
          rows.get('a', 5),
        ],
        4: (rows) => rows.delete('a'),
        5: (rows) => rows.put('b', 5),
        6: (rows) => rows.put('a', 6, 0),
        7: (rows) => rows.put('a', undefined as never),
      },
    );

  it('knows what rows were, also what is told late, and after a restart', () => {
    const { turn, restart } = opened();
    expect(turn(1, 50)).toBe(true);
    expect(turn(2, 51)).toBe(true);
    expect(turn(3)).toEqual([1, 50, 2, 20, undefined]);
    restart();
    expect(turn(3)).toEqual([1, 50, 2, 20, undefined]);
    expect(turn(4, 60)).toBe(true);
    expect(turn(3)).toEqual([undefined, undefined, 2, 20, undefined]);
  });

  it('does nothing with what is too late, and says so', () => {
    const { turn } = opened();
    turn(1, 50);
    expect(turn(5, 200)).toBe(true);
    expect(turn(6, 201)).toBe(false);
    expect(turn(3, 202)).toEqual([1, 50, undefined, undefined, undefined]);
    expect(failure(() => turn(7, 203))).toMatchObject({ code: 'NULL_VALUE' });
  });
});

describe('process, what it knows of its record and its task', () => {
  it('tells where the record was read, in timers nothing, and the partition', () => {
    const seen: unknown[] = [];
    const step: Op<Numbers, Numbers> = process({}, (context) => {
      context.every('10ms', 'streamTime', () => seen.push(context.origin));
      return () => seen.push(context.origin, context.partition);
    });
    const driver = drive([numbers.pipe(step, to('out'))]);
    feed(driver, 'in', [
      ['a', 1, 1],
      ['a', 1, 2],
    ]);
    const at = (offset: number) => ({ topic: 'in', partition: 0, offset });
    expect(seen).toEqual([at(0), 0, undefined, at(1), 0]);
  });

  it('aborts its signal when the task ends', () => {
    const ended: string[] = [];
    const step: Op<Numbers, Numbers> = process({}, ({ signal }) => {
      signal.addEventListener('abort', () => ended.push('ended'));
      return () => {};
    });
    const driver = drive([numbers.pipe(step, to('out'))]);
    driver.restart();
    expect(ended).toEqual(['ended']);
    driver.close();
    expect(ended).toEqual(['ended', 'ended']);
  });

  it.each(['streamTime', 'wallClock'] as const)('ends a timer of %s that is not wanted any more', (by) => {
    const step: Op<Numbers, Numbers> = process({}, ({ every, emit }) => {
      let left = 2;
      const end = every('10ms', by, (timestamp) => {
        emit({ key: 'tick', value: timestamp });
        if (--left === 0) end();
      });
      return () => {};
    });
    const driver = drive([numbers.pipe(step, to('out'))]);
    const results = [];
    for (let i = 1; i <= 4; i++) {
      driver.advance(10);
      results.push(...feed(driver, 'in', [['a', 1, 10 * i]]));
    }
    expect(results).toHaveLength(2);
  });

  it('writes stores of all kinds with codecs of all formats', () => {
    const step: Op<Numbers, Numbers> = process(
      {
        stores: {
          plain: { key: int64, value: bytes },
          timed: { key: bytes, value: int64, retention: '1h' },
          past: { key: int64, value: bytes, versioned: '1h' },
        },
      },
      ({ stores: { plain, timed, past }, emit }) =>
        ({ value }) => {
          plain.put(value, Buffer.from([value]));
          timed.put(Buffer.from('k'), value, value);
          past.put(value, Buffer.from([value + 1]), value);
          emit({ value: plain.get(value)![0]! + timed.get(Buffer.from('k'), value)! + past.get(value)![0]! });
        },
    );
    const driver = drive([numbers.pipe(step, to('out'))]);
    expect(feed(driver, 'in', [['a', 5]])).toEqual([['a', 16, 0]]);
    driver.commit();
  });
});
