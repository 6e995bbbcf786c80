import { count, int64, keyBy, map, to, toStream, tumbling, window } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { gaps, numbers, rows } from './sources.ts';

describe('count', () => {
  it('emits how many records each key has had, at the largest timestamp counted', () => {
    expect(
      run(numbers.pipe(count(), to('out')), [
        ['a', 1, 5],
        ['b', 1, 1],
        ['a', 1, 3],
        ['a', 1, 9],
      ]),
    ).toEqual([
      ['a', 1, 5],
      ['b', 1, 1],
      ['a', 2, 5],
      ['a', 3, 9],
    ]);
  });

  it('drops records without a key or a value, and says so', () => {
    const driver = drive([gaps.pipe(count(), to('out'))]);
    expect(
      feed(driver, 'in', [
        [null, 1],
        ['a', null],
        ['a', 1],
      ]),
    ).toEqual([['a', 1, 0]]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-key', 'null-value']);
  });

  it('counts null values in windows, but not null keys', () => {
    const driver = drive([gaps.pipe(window(tumbling(10)), count(), to('out'))]);
    const key = { key: 'a', start: 0, end: 10 };
    expect(
      feed(driver, 'in', [
        [null, 1],
        ['a', null],
        ['a', 1],
      ]),
    ).toEqual([
      [key, 1, 0],
      [key, 2, 0],
    ]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-key']);
  });

  it('keeps its rows in a store of the given name, or of its path', () => {
    const driver = drive([
      numbers.pipe(count('counts')),
      numbers.pipe(count({ name: 'again' })),
      numbers.pipe(count()),
    ]);
    feed(driver, 'in', [['a', 1, 4]]);
    for (const store of ['counts', 'again', 'in.count'])
      expect(driver.store(store)).toEqual([['a', { value: 1, timestamp: 4 }]]);
  });

  it('counts on after a crash, from the last commit', () => {
    const driver = drive([numbers.pipe(count(), to('out'))]);
    feed(driver, 'in', [['a', 1]]);
    driver.commit();
    feed(driver, 'in', [['a', 1]]);
    driver.restart();
    expect(feed(driver, 'in', [['a', 1]])).toEqual([['a', 2, 0]]);
  });

  it('writes counts as JSON numbers unless it is given a codec', () => {
    const codecOf = (end: { node: { value?: { name: string } | undefined } }) => end.node.value?.name;
    expect(codecOf(numbers.pipe(count(), to('out')))).toBe('json');
    expect(codecOf(numbers.pipe(count({ value: int64 }), to('out')))).toBe('int64');
    expect(run(numbers.pipe(count({ value: int64 }), to('out')), [['a', 1]])).toEqual([['a', 1, 0]]);
  });

  it('is a table that tells what was before: nothing, for a new key', () => {
    const totals = numbers.pipe(
      count('each'),
      map((n) => n * 2),
      toStream(),
      keyBy(() => 'all'),
      count('changes'),
      to('out'),
    );
    expect(
      run(totals, [
        ['a', 1],
        ['b', 1],
      ]),
    ).toEqual([
      ['all', 1, 0],
      ['all', 2, 0],
    ]);
  });

  it('refuses tables that are not grouped, options that do not exist, and bad names', () => {
    expect(failure(() => count()(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => numbers.pipe(count({ nam: 'x' } as never))).message).toContain(
      "Did you mean 'name'?",
    );
    expect(failure(() => numbers.pipe(count('a b'))).code).toBe('INVALID_NAME');
    expect(failure(() => numbers.pipe(count({ retention: '1d' }))).message).toContain('retention');
    expect(failure(() => numbers.pipe(count({ value: 7 as never }))).message).toContain(
      'value of the store of count()',
    );
  });

  it('needs names where two stores would get the same', () => {
    expect(failure(() => topology([numbers.pipe(count()), numbers.pipe(count())])).code).toBe(
      'AMBIGUOUS_NAME',
    );
  });
});
