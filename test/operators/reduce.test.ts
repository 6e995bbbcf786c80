import { fc, test } from '@fast-check/vitest';
import { groupBy, int64, json, reduce, stream, sum, table, text, to, tumbling, window } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { gaps, numbers } from './sources.ts';

describe('reduce', () => {
  it('begins with the first value as it is, and combines the others into it', () => {
    const words = stream('in', { key: text, value: text });
    const end = words.pipe(
      reduce((sofar, word, { timestamp }) => `${sofar} ${word}@${timestamp}`),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 'x', 1],
        ['a', 'y', 2],
        ['b', 'z', 3],
      ]),
    ).toEqual([
      ['a', 'x', 1],
      ['a', 'x y@2', 2],
      ['b', 'z', 3],
    ]);
  });

  it('deletes the row when it is given null, each time, and begins anew', () => {
    const end = numbers.pipe(
      reduce((total, n) => (n === 0 ? null : total + n)),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 1, 5],
        ['a', 0, 6],
        ['a', 2, 3],
      ]),
    ).toEqual([
      ['a', 1, 5],
      ['a', null, 6],
      ['a', 2, 3],
    ]);
  });

  it('writes rows as the records are written, unless the store has a codec of its own', () => {
    expect(numbers.pipe(reduce((a, b) => a + b)).node.value).toBe(int64);
    expect(numbers.pipe(reduce((a, b) => a + b, { value: json() })).node.value).toBe(json());
  });

  it('hands null values to the reducer in windows, except the first', () => {
    const end = gaps.pipe(
      window(tumbling(10)),
      reduce((total, n) => (n === null ? total * 100 : total + n)),
      to('out'),
    );
    const key = { key: 'a', start: 0, end: 10 };
    expect(
      run(end, [
        ['a', null],
        ['a', 1],
        ['a', null],
        ['a', 2],
      ]),
    ).toEqual([
      [key, null, 0],
      [key, 1, 0],
      [key, 100, 0],
      [key, 102, 0],
    ]);
  });

  it('takes rows out of their group and adds them again, with one result where the group stays', () => {
    const items = table('in', { key: text, value: json<{ group: string; n: number }>() });
    const end = items.pipe(
      groupBy((item) => item.group),
      reduce(
        (a, b) => ({ ...a, n: a.n + b.n }),
        (a, b) => ({ ...a, n: a.n - b.n }),
        'totals',
      ),
      to('out'),
    );
    const item = (group: string, n: number) => ({ group, n });
    expect(
      run(end, [
        ['1', item('x', 1), 1],
        ['2', item('x', 2), 5],
        ['1', item('x', 7), 2],
        ['1', item('y', 7), 3],
        ['2', null, 9],
      ]),
    ).toEqual([
      ['x', item('x', 1), 1],
      ['x', item('x', 3), 5],
      ['x', item('x', 9), 5],
      ['x', item('x', 2), 5],
      ['y', item('y', 7), 3],
      ['x', item('x', 0), 9],
    ]);
  });

  it('fails a record whose reducer returns nothing or changes the row in place', () => {
    const lists = stream('in', { key: text, value: json<string[]>() });
    const nothing = drive([lists.pipe(reduce((() => {}) as never), to('out'))]);
    feed(nothing, 'in', [['a', ['x']]]);
    expect(failure(() => feed(nothing, 'in', [['a', ['y']]])).message).toContain('returned undefined');
    const changing = drive([
      lists.pipe(
        reduce((a, b) => {
          a.push(...b);
          return a;
        }),
        to('out'),
      ),
    ]);
    feed(changing, 'in', [['a', ['x']]]);
    expect(failure(() => feed(changing, 'in', [['a', ['y']]])).code).toBe('STEP_FAILED');
  });

  it('refuses a subtractor for streams, and none for grouped tables', () => {
    const plus = (a: number, b: number) => a + b;
    expect(
      failure(() =>
        (reduce as never as (...functions: unknown[]) => (input: unknown) => void)(plus, plus)(numbers),
      ).code,
    ).toBe('MISPLACED_STEP');
    const grouped = table('in', { key: text, value: int64 }).pipe(groupBy((n) => String(n)));
    expect(
      failure(() => (reduce as never as (...functions: unknown[]) => (input: unknown) => void)(plus)(grouped))
        .code,
    ).toBe('INVALID_ARGUMENT');
    expect(failure(() => reduce(undefined as never)).message).toContain('function of reduce()');
  });
});

describe('laws', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -99, max: 99 })))])(
    'reduce by addition is sum',
    (records) => {
      expect(
        run(
          numbers.pipe(
            reduce((a, b) => a + b),
            to('out'),
          ),
          records,
        ),
      ).toEqual(
        run(
          numbers.pipe(
            sum((n) => n),
            to('out'),
          ),
          records,
        ),
      );
    },
  );
});
