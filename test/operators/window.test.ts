import { fc, test } from '@fast-check/vitest';
import { count, hopping, int64, keyBy, reduce, stream, text, to, toStream, tumbling, window } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run, type Short } from './feed.ts';
import { gaps, numbers, rows } from './sources.ts';

const at = (start: number, end: number, key = 'a') => ({ key, start, end });

describe('window', () => {
  it('counts each record in every window that holds its time', () => {
    const end = numbers.pipe(window(hopping(10, { advance: 5, grace: 100 })), count(), to('out'));
    expect(
      run(end, [
        ['a', 1, 7],
        ['a', 1, 2],
      ]),
    ).toEqual([
      [at(0, 10), 1, 7],
      [at(5, 15), 1, 7],
      [at(0, 10), 2, 7],
    ]);
  });

  it('gives each result the largest time of the records in its window', () => {
    const end = numbers.pipe(window(tumbling(10, { grace: 50 })), count(), to('out'));
    expect(
      run(end, [
        ['a', 1, 3],
        ['a', 1, 25],
        ['a', 1, 1],
      ]),
    ).toEqual([
      [at(0, 10), 1, 3],
      [at(20, 30), 1, 25],
      [at(0, 10), 2, 3],
    ]);
  });

  it('drops a record once for each of its windows that has closed, when end + grace has been reached', () => {
    const driver = drive([numbers.pipe(window(hopping(10, { advance: 5, grace: 2 })), count(), to('out'))]);
    feed(driver, 'in', [['a', 1, 11]]);
    expect(feed(driver, 'in', [['a', 1, 8]])).toEqual([
      [at(0, 10), 1, 8],
      [at(5, 15), 2, 11],
    ]);
    expect(driver.drops).toEqual([]);
    feed(driver, 'in', [['b', 1, 12]]);
    expect(feed(driver, 'in', [['a', 1, 8]])).toEqual([[at(5, 15), 3, 11]]);
    expect(driver.drops).toMatchObject([{ reason: 'late', offset: 3 }]);
    feed(driver, 'in', [['b', 1, 100]]);
    expect(feed(driver, 'in', [['a', 1, 8]])).toEqual([]);
    expect(driver.drops.map(({ reason, offset }) => [reason, offset])).toEqual([
      ['late', 3],
      ['late', 5],
      ['late', 5],
    ]);
  });

  it('keeps a stream time of its own: by records that reach it with a key, all keys together', () => {
    const driver = drive([gaps.pipe(window(tumbling(10)), count(), to('out'))]);
    expect(
      feed(driver, 'in', [
        ['a', 1, 5],
        [null, 1, 50],
        ['b', 1, 6],
      ]),
    ).toHaveLength(2);
    expect(
      feed(driver, 'in', [
        ['b', null, 10],
        ['a', 1, 9],
      ]),
    ).toEqual([[at(10, 20, 'b'), 1, 10]]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-key', 'late']);
  });

  it('remembers its stream time when it is started anew', () => {
    const driver = drive([numbers.pipe(window(tumbling(10)), count('counts'), to('out'))]);
    feed(driver, 'in', [['a', 1, 25]]);
    driver.commit();
    driver.restart();
    expect(feed(driver, 'in', [['a', 1, 5]])).toEqual([]);
    expect(driver.drops).toMatchObject([{ reason: 'late' }]);
    // What was not committed is forgotten, its time too.
    feed(driver, 'in', [['a', 1, 99]]);
    driver.restart();
    expect(feed(driver, 'in', [['a', 1, 26]])).toEqual([[at(20, 30), 2, 26]]);
  });

  it('starts windows at their offset', () => {
    const end = numbers.pipe(window(tumbling(10, { offset: -3 })), count(), to('out'));
    expect(
      run(end, [
        ['a', 1, 16],
        ['a', 1, 17],
      ]),
    ).toEqual([
      [at(7, 17), 1, 16],
      [at(17, 27), 1, 17],
    ]);
  });

  it('deletes a row when a reducer gives null, and begins it anew', () => {
    const end = numbers.pipe(
      window(tumbling(10)),
      reduce((a, b) => (b === 0 ? null : a + b)),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 5],
        ['a', 0, 6],
        ['a', 2, 1],
      ]),
    ).toEqual([
      [at(0, 10), 1, 5],
      [at(0, 10), null, 6],
      [at(0, 10), 2, 1],
    ]);
  });

  it('lets windows be read as rows, and mapped to other keys', () => {
    const spans = numbers.pipe(
      window(tumbling(10)),
      count(),
      toStream(),
      keyBy((_, { key }) => `${key.key}@${key.start}-${key.end}`),
      to('out'),
    );
    expect(run(spans, [['a', 1, 12]])).toEqual([['a@10-20', 1, 12]]);
  });

  it('keeps rows for size + grace, or longer if it is told to', () => {
    const short = numbers.pipe(window(tumbling(10, { grace: 5 })), count('short'));
    const long = numbers.pipe(window(tumbling(10, { grace: 5 })), count({ name: 'long', retention: 100 }));
    const driver = drive([short, long]);
    feed(driver, 'in', [
      ['a', 1, 5],
      ['a', 1, 15],
      ['a', 1, 25],
    ]);
    const starts = (name: string) => driver.store(name).map(([key]) => (key as { start: number }).start);
    expect([starts('short'), starts('long')]).toEqual([
      [10, 20],
      [0, 10, 20],
    ]);
    const error = failure(() => numbers.pipe(window(tumbling(10, { grace: 5 })), count({ retention: 14 })));
    expect(error.message).toContain('at least size + grace, 15 ms');
    expect(
      failure(() => numbers.pipe(window(tumbling(10)), count({ retention: '1 day' as never }))).code,
    ).toBe('INVALID_DURATION');
  });

  it('writes rows by the codec of the key inside', () => {
    const ids = stream('in', { key: int64, value: text });
    const end = ids.pipe(window(tumbling(10)), count({ name: 'n', key: int64 }), to('out'));
    expect(run(end, [[7, 'x', 1]])).toEqual([[{ key: 7, start: 0, end: 10 }, 1, 1]]);
  });

  it('repartitions before it where the key was changed', () => {
    const end = numbers.pipe(
      keyBy((n) => String(n)),
      window(tumbling(10)),
      count(),
      to('out'),
    );
    expect(topology([end]).repartitions).toHaveLength(1);
    expect(run(end, [['x', 7, 1]])).toEqual([[at(0, 10, '7'), 1, 1]]);
  });

  it('refuses what are not windows, and what cannot be cut', () => {
    expect(failure(() => window('5m' as never)).message).toContain("window(tumbling('5m'))");
    expect(failure(() => window(tumbling(5))(rows as never)).code).toBe('MISPLACED_STEP');
    const cut = numbers.pipe(window(tumbling(5)));
    expect(failure(() => (cut.pipe as (step: unknown) => void)(to('out'))).message).toContain(
      'between window() and this step',
    );
  });
});

describe('laws', () => {
  const records: fc.Arbitrary<Short[]> = fc.array(
    fc.tuple(fc.constantFrom('a', 'b'), fc.constant(1), fc.nat(60)),
    { maxLength: 40 },
  );
  const shapes = fc.record({
    advance: fc.integer({ min: 1, max: 10 }),
    more: fc.nat(10),
    grace: fc.nat(20),
    offset: fc.integer({ min: -9, max: 9 }),
  });

  test.prop([records, shapes, fc.boolean()])(
    'windowed counts are those of a plain model, killed after every commit or not',
    (input, { advance, more, grace, offset }, restarts) => {
      const size = advance + more;
      const driver = drive([
        numbers.pipe(window(hopping(size, { advance, grace, offset })), count(), to('out')),
      ]);
      const counts = new Map<string, { n: number; at: number }>();
      let streamTime = -1;
      for (const [key, value, timestamp = 0] of input) {
        streamTime = Math.max(streamTime, timestamp);
        const expected: unknown[] = [];
        let late = 0;
        for (let start = 0; start <= timestamp; start++) {
          const aligned = (((start - offset) % advance) + advance) % advance === 0;
          if (!aligned || start + size <= timestamp) continue;
          if (start + size + grace <= streamTime) {
            late++;
            continue;
          }
          const name = `${key}@${start}`;
          const known = counts.get(name) ?? { n: 0, at: 0 };
          const next = { n: known.n + 1, at: Math.max(known.at, timestamp) };
          counts.set(name, next);
          expected.push([at(start, start + size, String(key)), next.n, next.at]);
        }
        const before = driver.drops.length;
        expect(feed(driver, 'in', [[key, value, timestamp]])).toEqual(expected);
        expect(driver.drops.length - before).toBe(late);
        if (restarts) {
          driver.commit();
          driver.restart();
        }
      }
    },
  );
});
