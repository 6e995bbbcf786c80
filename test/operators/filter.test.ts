import { fc, test } from '@fast-check/vitest';
import { filter, filterNot, type Message, map, to, toStream } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { numbers, rows, texts } from './sources.ts';

describe('filter', () => {
  it('emits the records for which the predicate answers true, as they are', () => {
    const driver = drive([
      numbers.pipe(
        filter((n) => n > 2),
        to('out'),
      ),
    ]);
    const headers = [['h', Buffer.from('x')]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 7 });
    driver.send('in', { key: 'b', value: 3, timestamp: 5, headers });
    expect(driver.read('out')).toEqual([{ key: 'b', value: 3, timestamp: 5, headers }]);
  });

  it('gives the predicate the value and the message', () => {
    const seen: [unknown, Message<unknown, unknown>][] = [];
    run(
      texts.pipe(
        filter((value, message) => {
          seen.push([value, message]);
          return true;
        }),
        to('out'),
      ),
      [['k', 'v', 9]],
    );
    expect(seen).toEqual([['v', { key: 'k', value: 'v', timestamp: 9, headers: [] }]]);
  });

  it('asks the predicate of a stream about null values and null keys too', () => {
    const end = texts.pipe(
      filter((value, { key }) => value === null || key === null),
      to('out'),
    );
    expect(
      run(end, [
        ['a', null],
        [null, 'x'],
        ['a', 'x'],
      ]),
    ).toEqual([
      ['a', null, 0],
      [null, 'x', 0],
    ]);
  });

  it('deletes the row of a table that no longer passes, and only one that passed', () => {
    const end = rows.pipe(
      filter((n) => n > 2),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 1],
        ['a', 3, 2],
        ['a', 1, 3],
        ['a', 2, 4],
        ['b', null, 5],
        ['c', 9, 6],
        ['c', null, 7],
      ]),
    ).toEqual([
      ['a', 3, 2],
      ['a', null, 3],
      ['c', 9, 6],
      ['c', null, 7],
    ]);
  });

  it('does not ask about rows that are not there', () => {
    const asked: unknown[] = [];
    run(
      rows.pipe(
        filter((n) => asked.push(n) > 0),
        to('out'),
      ),
      [
        ['a', null],
        ['a', 1],
        ['a', null],
      ],
    );
    // 1 as it comes, and again as what goes.
    expect(asked).toEqual([1, 1]);
  });

  it('stops before a record whose predicate throws, and says where', () => {
    const driver = drive([
      numbers.pipe(
        filter((n) => n > 0 || JSON.parse('{')),
        to('out'),
      ),
    ]);
    driver.send('in', { key: 'a', value: 1 });
    const error = failure(() => driver.send('in', { key: 'a', value: 0 }));
    expect([error.code, error.details.step, error.details.topic, error.details.offset]).toEqual([
      'STEP_FAILED',
      'in.filter',
      'in',
      1,
    ]);
  });

  it('refuses what is not a function, and what cannot be filtered', () => {
    expect(failure(() => filter(7 as never)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => filter(() => true)(undefined as never)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => filter(() => true)(numbers.pipe(to('out')) as never)).code).toBe('MISPLACED_STEP');
  });
});

describe('filterNot', () => {
  it('emits the records and rows for which the predicate answers false', () => {
    const inputs: [string, number][] = [
      ['a', 1],
      ['a', 3],
      ['a', 2],
    ];
    expect(
      run(
        numbers.pipe(
          filterNot((n) => n > 2),
          to('out'),
        ),
        inputs,
      ),
    ).toEqual([
      ['a', 1, 0],
      ['a', 2, 0],
    ]);
    expect(
      run(
        rows.pipe(
          filterNot((n) => n > 2),
          to('out'),
        ),
        inputs,
      ),
    ).toEqual([
      ['a', 1, 0],
      ['a', null, 0],
      ['a', 2, 0],
    ]);
  });

  it('treats rows that are not there as not there, whatever the predicate', () => {
    expect(
      run(
        rows.pipe(
          filterNot(() => false),
          to('out'),
        ),
        [['a', null]],
      ),
    ).toEqual([]);
  });

  it('refuses what is not a function', () => {
    expect(failure(() => filterNot('x' as never)).message).toContain('predicate of filterNot()');
  });
});

const updates = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.option(fc.integer({ min: 0, max: 5 }))));

describe('laws', () => {
  test.prop([fc.array(fc.tuple(fc.string(), fc.integer())), fc.integer()])(
    'filter and filterNot part a stream',
    (records, bound) => {
      const short = records.map(([key, value]) => [key.toWellFormed(), value] as const);
      const driver = drive([
        numbers.pipe(
          filter((n) => n > bound),
          to('yes'),
        ),
        numbers.pipe(
          filterNot((n) => n > bound),
          to('no'),
        ),
      ]);
      const yes = feed(driver, 'in', short, 'yes');
      const no = feed(driver, 'in', [], 'no');
      expect(yes).toEqual(short.filter(([, n]) => n > bound).map(([key, n]) => [key, n, 0]));
      expect(yes.length + no.length).toBe(records.length);
    },
  );

  test.prop([updates])('a filtered table is the filter of the table, and filters compose', (records) => {
    const once = rows.pipe(
      filter((n) => n > 1 && n < 4),
      toStream(),
      map((n) => n ?? -1),
      to('out'),
    );
    const twice = rows.pipe(
      filter((n) => n > 1),
      filter((n) => n < 4),
      toStream(),
      map((n) => n ?? -1),
      to('out'),
    );
    expect(run(twice, records)).toEqual(run(once, records));
    const last = new Map(records);
    const final = new Map(
      run(once, records).map((row) => (row as [string, number]).slice(0, 2) as [string, number]),
    );
    for (const [key, n] of last) expect(final.get(key) ?? -1).toBe(n !== null && n > 1 && n < 4 ? n : -1);
  });
});
