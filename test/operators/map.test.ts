import { fc, test } from '@fast-check/vitest';
import { joinTable, map, stream, table, text, to, toStream } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { numbers, rows, texts, words } from './sources.ts';

describe('map', () => {
  it('emits each record with another value, as JSON, and keeps key, timestamp and headers', () => {
    const driver = drive([
      numbers.pipe(
        map((n, { key }) => ({ n, key })),
        to('out'),
      ),
    ]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    expect(driver.read('out')).toEqual([{ key: 'a', value: { n: 1, key: 'a' }, timestamp: 5, headers }]);
  });

  it('makes a tombstone of null, and of a stream sees null values', () => {
    const end = texts.pipe(
      map((value) => (value === null ? 'none' : value === 'x' ? null : value)),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 'x'],
        ['a', null],
        ['a', 'y'],
      ]),
    ).toEqual([
      ['a', null, 0],
      ['a', 'none', 0],
      ['a', 'y', 0],
    ]);
  });

  it('maps rows before and after, so that what is read behind is right', () => {
    const end = rows.pipe(
      map((n) => n * 10),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 3],
        ['a', 2, 2],
        ['a', null, 4],
        ['b', null, 5],
      ]),
    ).toEqual([
      ['a', 10, 3],
      ['a', 20, 2],
      ['a', null, 4],
      ['b', null, 5],
    ]);
  });

  it('leaves out rows that become null', () => {
    const shouting = words.pipe(map((word) => (word === 'x' ? null : word.toUpperCase())));
    const reads = stream('s', { key: text, value: text }).pipe(
      joinTable(shouting, (a, b) => a + b),
      to('joined'),
    );
    const driver = drive([reads]);
    feed(driver, 'in', [
      ['a', 'x'],
      ['b', 'y'],
    ]);
    expect(
      feed(
        driver,
        's',
        [
          ['a', '1'],
          ['b', '2'],
        ],
        'joined',
      ),
    ).toEqual([['b', '2Y', 0]]);
  });

  it('gives the function of a table the row, its key and the time it was written, also when it is read', () => {
    const named = table('t', { key: text, value: text }).pipe(
      map((value, { key, timestamp }) => `${key}/${value}@${timestamp}`),
    );
    const driver = drive([
      named.pipe(to('out')),
      texts.pipe(
        map((value) => value ?? ''),
        joinTable(named, (_, row) => row),
        to('read'),
      ),
    ]);
    expect(feed(driver, 't', [['k', 'v', 7]])).toEqual([['k', 'k/v@7', 7]]);
    expect(feed(driver, 'in', [['k', '', 9]], 'read')).toEqual([['k', 'k/v@7', 9]]);
  });

  it('fails the record of a table whose function returns undefined', () => {
    const driver = drive([
      rows.pipe(
        map((n): number | undefined => (n > 1 ? n : undefined)),
        to('out'),
      ),
    ]);
    expect(feed(driver, 'in', [['a', 2]])).toEqual([['a', 2, 0]]);
    const error = failure(() => feed(driver, 'in', [['a', 1]]));
    expect(error.code).toBe('STEP_FAILED');
    expect(error.message).toContain('undefined');
  });

  it('refuses what is not a function', () => {
    expect(failure(() => map(undefined as never)).message).toContain('function of map()');
  });
});

const f = (n: number): number => n * 2 + 1;
const g = (n: number): number => n - 3;

describe('laws', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -9, max: 9 })))])(
    'maps compose, on streams and tables',
    (records) => {
      expect(run(numbers.pipe(map(g), map(f), to('out')), records)).toEqual(
        run(
          numbers.pipe(
            map((n) => f(g(n))),
            to('out'),
          ),
          records,
        ),
      );
      expect(run(rows.pipe(map(g), map(f), to('out')), records)).toEqual(
        run(
          rows.pipe(
            map((n) => f(g(n))),
            to('out'),
          ),
          records,
        ),
      );
      expect(run(rows.pipe(map(f), toStream(), to('out')), records)).toEqual(
        run(
          rows.pipe(
            toStream(),
            map((n) => (n === null ? null : f(n))),
            to('out'),
          ),
          records,
        ),
      );
    },
  );
});
