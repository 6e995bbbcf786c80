import { fc, test } from '@fast-check/vitest';
import { branch, count, keyBy, map, type Stream, to } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, taken } from './feed.ts';
import { numbers, rows } from './sources.ts';

const sized = { large: (n: number) => n >= 10, medium: (n: number) => n >= 5 };

describe('branch', () => {
  it('sends each record to the first branch whose predicate answers true, and the rest to the default', () => {
    const { large, medium, small } = numbers.pipe(branch(sized, 'small'));
    const driver = drive([large.pipe(to('large')), medium.pipe(to('medium')), small.pipe(to('small'))]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 12, timestamp: 3, headers });
    driver.send('in', { key: 'b', value: 5 });
    driver.send('in', { key: 'c', value: 1 });
    expect(driver.read('large')).toEqual([{ key: 'a', value: 12, timestamp: 3, headers }]);
    expect([taken(driver, 'medium'), taken(driver, 'small')]).toEqual([[['b', 5, 0]], [['c', 1, 0]]]);
    expect(driver.drops).toEqual([]);
  });

  it('drops what no branch wants and tells so, once per record', () => {
    const branches = numbers.pipe(branch(sized));
    expect(Object.keys(branches)).toEqual(['large', 'medium']);
    const driver = drive([branches.large.pipe(to('out')), branches.medium.pipe(to('medium'))]);
    expect(
      feed(driver, 'in', [
        ['a', 1],
        ['a', 10],
      ]),
    ).toEqual([['a', 10, 0]]);
    expect(driver.drops).toMatchObject([{ reason: 'no-branch', step: 'in.branch', offset: 0 }]);
  });

  it('asks each predicate at most once per record, however many branches are used', () => {
    let asked = 0;
    const ask = (answer: boolean) => () => {
      asked++;
      return answer;
    };
    const branches = numbers.pipe(branch({ a: ask(false), b: ask(true), c: ask(true) }));
    const driver = drive(
      Object.entries(branches).map(([name, made]) => (made as Stream<string, number>).pipe(to(name))),
    );
    feed(driver, 'in', [['k', 1]]);
    expect(asked).toBe(2);
  });

  it('works where only some branches are used', () => {
    const { medium } = numbers.pipe(branch(sized, 'small'));
    const driver = drive([
      medium.pipe(
        map((n) => n + 1),
        to('out'),
      ),
    ]);
    expect(
      feed(driver, 'in', [
        ['a', 20],
        ['a', 6],
        ['a', 1],
      ]),
    ).toEqual([['a', 7, 0]]);
  });

  it('names steps behind a branch after it', () => {
    const { large } = numbers.pipe(branch(sized));
    const driver = drive([
      large.pipe(
        keyBy((n) => String(n)),
        count(),
        to('out'),
      ),
    ]);
    feed(driver, 'in', [['a', 11]]);
    expect(driver.store('in.branch.large.keyBy.count')).toEqual([['11', { value: 1, timestamp: 0 }]]);
  });

  it('fails the record whose predicate throws', () => {
    const { a } = numbers.pipe(branch({ a: () => JSON.parse('{') }));
    const driver = drive([a.pipe(to('out'))]);
    expect(failure(() => driver.send('in', { key: 'a', value: 1 })).code).toBe('STEP_FAILED');
  });

  it.each<[string, unknown, unknown]>([
    ['no branches', {}, undefined],
    ['something else', null, undefined],
    ['a branch without a predicate', { a: 1 }, undefined],
    ['a name that cannot be part of a topic', { 'a b': () => true }, undefined],
    ['an empty name', { '': () => true }, undefined],
    ['a default that has a predicate', { a: () => true }, 'a'],
    ['a default that is not a name', { a: () => true }, 7],
  ])('refuses %s', (_, predicates, otherwise) => {
    expect(failure(() => branch(predicates as never, otherwise as never)).code).toBe('INVALID_ARGUMENT');
  });

  it('refuses tables', () => {
    expect(failure(() => branch(sized)(rows as never)).code).toBe('MISPLACED_STEP');
  });
});

describe('laws', () => {
  test.prop([fc.array(fc.integer({ min: 0, max: 15 }))])(
    'with a default, each record goes to exactly one branch',
    (values) => {
      const branches = numbers.pipe(branch(sized, 'small'));
      const driver = drive(
        Object.entries(branches).map(([name, made]) => (made as Stream<string, number>).pipe(to(name))),
      );
      for (const value of values) driver.send('in', { key: 'k', value });
      const [large, medium, small] = ['large', 'medium', 'small'].map((topic) =>
        driver.read(topic).map(({ value }) => value),
      );
      expect(large).toEqual(values.filter((n) => n >= 10));
      expect(medium).toEqual(values.filter((n) => n >= 5 && n < 10));
      expect(small).toEqual(values.filter((n) => n < 5));
    },
  );
});
