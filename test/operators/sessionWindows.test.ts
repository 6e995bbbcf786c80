import { fc, test } from '@fast-check/vitest';
import { aggregate, count, max, min, reduce, session, sum, to, tumbling, window } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run, type Short } from './feed.ts';
import { numbers } from './sources.ts';

const at = (start: number, end: number, key = 'a') => ({ key, start, end });
const visits = window<typeof numbers>(session(10, { grace: 100 }));

describe('window(session())', () => {
  it('makes one session of two that a late record lies between, with a tombstone for each of them', () => {
    const end = numbers.pipe(visits, count(), to('out'));
    const results = run(end, [
      ['a', 1, 0],
      ['a', 1, 20],
      ['a', 1, 10],
    ]);
    expect(results).toEqual([
      [at(0, 0), 1, 0],
      [at(20, 20), 1, 20],
      [at(0, 0), null, 0],
      [at(20, 20), null, 20],
      [at(0, 20), 3, 20],
    ]);
  });

  it('knows how count, sum, min, max and reduce merge', () => {
    const records: Short[] = [
      ['a', 5, 0],
      ['a', 3, 20],
      ['a', 4, 10],
    ];
    const last = (end: Parameters<typeof run>[0]): unknown => run(end, records).at(-1);
    expect(last(numbers.pipe(visits, sum((n) => n), to('out')))).toEqual([at(0, 20), 12, 20]); // biome-ignore format: one line
    expect(last(numbers.pipe(visits, min((n) => n), to('out')))).toEqual([at(0, 20), 3, 20]); // biome-ignore format: one line
    expect(last(numbers.pipe(visits, max((n) => n), to('out')))).toEqual([at(0, 20), 5, 20]); // biome-ignore format: one line
    expect(last(numbers.pipe(visits, reduce((a, b) => a * 10 + b), to('out')))).toEqual([at(0, 20), 534, 20]); // biome-ignore format: one line
  });

  it('needs to be told how aggregate() merges, and refuses a merger for other windows', () => {
    const add = (a: number, b: number): number => a + b;
    const nothing = undefined as never;
    expect(
      failure(() =>
        numbers.pipe(
          visits,
          aggregate(() => 0, add, nothing),
        ),
      ).code,
    ).toBe('INVALID_ARGUMENT');
    const merge = add as never;
    const minutes = window<typeof numbers>(tumbling('1m'));
    expect(
      failure(() =>
        numbers.pipe(
          minutes,
          aggregate(() => 0, add, merge),
        ),
      ).code,
    ).toBe('INVALID_ARGUMENT');
  });

  it('begins anew, with the next record, where a function gives null', () => {
    const none = (): null => null;
    const end = numbers.pipe(visits, aggregate(() => 0, (a: number, b) => a + b, none), to('out')); // biome-ignore format: one line
    const results = run(end, [
      ['a', 1, 0],
      ['a', 2, 5],
    ]);
    expect(results.at(-1)).toEqual([at(0, 5), 2, 5]);
  });

  it('merges the initial value too, null or not', () => {
    const merge = (a: string | null, b: string): string => `(${a}&${b})`;
    const end = numbers.pipe(visits, aggregate((): string | null => null, (a, n) => `${a}+${n}`, merge), to('out')); // biome-ignore format: one line
    const results = run(end, [
      ['a', 1, 0],
      ['a', 2, 5],
    ]);
    expect(results.at(-1)).toEqual([at(0, 5), '(null&null+1)+2', 5]);
  });

  it('finds the session that a table behind it has by its whole key only', () => {
    const driver = drive([numbers.pipe(window(session(10)), count('visits'), to('out'))]);
    feed(driver, 'in', [
      ['a', 1, 0],
      ['a', 1, 5],
    ]);
    expect(driver.store('visits')).toEqual([[at(0, 5), { value: 2, timestamp: 5 }]]);
  });

  it('goes on after a restart where it was, emitted sessions included', () => {
    const end = numbers.pipe(window(session(10), { emit: 'onClose' }), count(), to('out'));
    const records: Short[] = [
      ['a', 1, 0],
      ['b', 1, 5],
      ['a', 1, 8],
      ['a', 1, 19],
      ['a', 1, 31],
      ['a', 1, 60],
    ];
    const expected = run(end, records);
    expect(expected).toEqual([
      [at(5, 5, 'b'), 1, 5],
      [at(0, 8), 2, 8],
      [at(19, 19), 1, 19],
      [at(31, 31), 1, 31],
    ]);
    const driver = drive([end]);
    const found = records.flatMap((record) => {
      const results = feed(driver, 'in', [record]);
      driver.commit();
      driver.restart();
      return results;
    });
    expect(found).toEqual(expected);
  });

  it('emits sessions that ended at one moment by their starts, then their keys', () => {
    const end = numbers.pipe(window(session(10), { emit: 'onClose' }), count(), to('out'));
    const results = run(end, [
      ['a', 1, 12],
      ['b', 1, 4],
      ['c', 1, 4],
      ['c', 1, 12],
      ['b', 1, 12],
      ['a', 1, 40],
    ]);
    expect(results).toEqual([
      [at(4, 12, 'b'), 2, 12],
      [at(4, 12, 'c'), 2, 12],
      [at(12, 12), 1, 12],
    ]);
  });

  const records = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(9), fc.nat(120)), { maxLength: 40 });

  test.prop([records])('leaves the sessions that a list of the records has gaps between', (given) => {
    const end = numbers.pipe(window(session(5, { grace: 1000 })), count('visits'), to('out'));
    const driver = drive([end]);
    feed(driver, 'in', given);
    const expected = ['a', 'b'].flatMap((key) => {
      const times = given.flatMap(([k, , time]) => (k === key ? [time] : [])).sort((x, y) => x - y);
      const sessions: { start: number; end: number; n: number }[] = [];
      for (const time of times) {
        const last = sessions.at(-1);
        if (last !== undefined && time - last.end <= 5) Object.assign(last, { end: time, n: last.n + 1 });
        else sessions.push({ start: time, end: time, n: 1 });
      }
      return sessions.map(({ start, end: last, n }) => `${key} ${start}-${last}: ${n}`);
    });
    const found = driver.store('visits').map(([key, cell]) => {
      const visit = key as { key: string; start: number; end: number };
      return `${visit.key} ${visit.start}-${visit.end}: ${cell.value}`;
    });
    expect(found.sort()).toEqual(expected.sort());
  });
});
