import { count, headerText, map, to, tumbling, window, withHeaders, withTimestamp } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { numbers, rows } from './sources.ts';

describe('withHeaders', () => {
  it('puts the headers that the function gives in place of the others', () => {
    const driver = drive([
      numbers.pipe(
        withHeaders((n, { headers }) => [
          ...headers,
          ['n', String(n)],
          ['raw', Buffer.of(1)],
          ['none', null],
        ]),
        to('out'),
      ),
    ]);
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers: [['old', Buffer.from('x')]] });
    expect(driver.read('out')).toEqual([
      {
        key: 'a',
        value: 1,
        timestamp: 5,
        headers: [
          ['old', Buffer.from('x')],
          ['n', Buffer.from('1')],
          ['raw', Buffer.of(1)],
          ['none', null],
        ],
      },
    ]);
  });

  it('lets them travel through aggregations and repartition topics with the record they came with', () => {
    const driver = drive([
      numbers.pipe(
        withHeaders((n) => [['n', String(n)]]),
        count(),
        to('out'),
      ),
    ]);
    driver.send('in', { key: 'a', value: 1 });
    driver.send('in', { key: 'a', value: 2 });
    expect(driver.read('out').map((message) => headerText(message, 'n'))).toEqual(['1', '2']);
  });

  it.each([undefined, 'x', {}, [7], [['a']], [[1, 'x']], [['a', 7]]])(
    'fails a record for which %o is given',
    (odd) => {
      const driver = drive([
        numbers.pipe(
          withHeaders(() => odd as never),
          to('out'),
        ),
      ]);
      const error = failure(() => driver.send('in', { key: 'a', value: 1 }));
      expect([error.code, error.details.step]).toEqual(['STEP_FAILED', 'in.withHeaders']);
    },
  );

  it('refuses tables, and what is not a function', () => {
    expect(failure(() => withHeaders(() => [])(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => withHeaders([] as never)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('headerText', () => {
  const headers = [
    ['a', Buffer.from('1')],
    ['b', null],
    ['a', Buffer.from('zwei')],
    ['ü', Buffer.from('ü')],
  ] as const;

  it('is the text of the last header of the name, null where there is none or it has no value', () => {
    expect(['a', 'b', 'ü', 'c', 'A'].map((name) => headerText({ headers }, name))).toEqual([
      'zwei',
      null,
      'ü',
      null,
      null,
    ]);
  });
});

describe('withTimestamp', () => {
  it('gives records another time, which windows behind it go by', () => {
    const moved = numbers.pipe(withTimestamp((n, { timestamp }) => timestamp + n));
    expect(run(moved.pipe(to('out')), [['a', 10, 5]])).toEqual([['a', 10, 15]]);
    expect(run(moved.pipe(window(tumbling(10)), count(), to('out')), [['a', 10, 5]])).toEqual([
      [{ key: 'a', start: 10, end: 20 }, 1, 15],
    ]);
  });

  it('keeps key, value and headers', () => {
    const driver = drive([
      numbers.pipe(
        withTimestamp(() => 0),
        map((n) => n),
        to('out'),
      ),
    ]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    expect(driver.read('out')).toEqual([{ key: 'a', value: 1, timestamp: 0, headers }]);
  });

  it.each([-1, 1.5, Number.NaN, undefined, '5', 2 ** 53])('fails a record for which %o is given', (odd) => {
    const driver = drive([
      numbers.pipe(
        withTimestamp(() => odd as never),
        to('out'),
      ),
    ]);
    const error = failure(() => feed(driver, 'in', [['a', 1]]));
    expect([error.code, error.details.step]).toEqual(['INVALID_TIMESTAMP', 'in.withTimestamp']);
  });

  it('refuses tables, and what is not a function', () => {
    expect(failure(() => withTimestamp(() => 0)(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => withTimestamp(0 as never)).code).toBe('INVALID_ARGUMENT');
  });
});
