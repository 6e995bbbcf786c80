import { count, filter, keyBy, to, toStream, toTable } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { run } from './feed.ts';
import { gaps, numbers, rows } from './sources.ts';

describe('toStream', () => {
  it('emits each change as a record: the new value, or null', () => {
    const driver = drive([rows.pipe(toStream(), to('out'))]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    driver.send('in', { key: 'a', value: null, timestamp: 3 });
    expect(driver.read('out')).toEqual([
      { key: 'a', value: 1, timestamp: 5, headers },
      { key: 'a', value: null, timestamp: 3, headers: [] },
    ]);
  });

  it('is followed by steps of streams, which see null values', () => {
    const end = rows.pipe(
      toStream(),
      filter((n) => n === null),
      keyBy((_, { key }) => `gone ${key}`),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1],
        ['a', null],
      ]),
    ).toEqual([['gone a', null, 0]]);
  });

  it('refuses streams', () => {
    expect(failure(() => toStream()(numbers as never)).code).toBe('MISPLACED_STEP');
  });
});

describe('toTable', () => {
  it('keeps the newest value of each key by arrival, and deletes with null', () => {
    const driver = drive([gaps.pipe(toTable('kept'), to('out'))]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    driver.send('in', { key: 'a', value: 2, timestamp: 3 });
    driver.send('in', { key: 'b', value: 7, timestamp: 4 });
    driver.send('in', { key: 'b', value: null, timestamp: 1 });
    expect(driver.read('out')).toMatchObject([
      { value: 1, headers },
      { value: 2, timestamp: 3 },
      { value: 7 },
      { value: null, timestamp: 1 },
    ]);
    expect(driver.store('kept')).toEqual([['a', { value: 2, timestamp: 3 }]]);
  });

  it('drops records without a key, and says so', () => {
    const driver = drive([gaps.pipe(toTable(), to('out'))]);
    driver.send('in', { key: null, value: 1 });
    expect([driver.read('out'), driver.drops[0]?.reason]).toEqual([[], 'null-key']);
  });

  it('tells what is behind it the row that was before', () => {
    const end = gaps.pipe(
      toTable(),
      filter((n) => n > 5),
      toStream(),
      toTable('large'),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 9],
        ['a', 1],
        ['a', 2],
        ['a', 8],
      ]),
    ).toEqual([
      ['a', 9, 0],
      ['a', null, 0],
      ['a', 8, 0],
    ]);
  });

  it('repartitions where the key was changed', () => {
    const driver = drive([
      numbers.pipe(
        keyBy((n) => String(n)),
        toTable('by-number'),
      ),
      numbers.pipe(count()),
    ]);
    driver.send('in', { key: 'a', value: 7 });
    expect(driver.store('by-number')).toEqual([['7', { value: 7, timestamp: 0 }]]);
  });

  it('refuses tables, and options it does not have', () => {
    expect(failure(() => toTable()(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => gaps.pipe(toTable({ retention: '1d' } as never))).message).toContain('retention');
  });
});
