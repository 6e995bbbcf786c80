import { fc, test } from '@fast-check/vitest';
import {
  count,
  emitOnCommit,
  filter,
  globalTable,
  groupBy,
  int64,
  joinGlobal,
  joinTable,
  keyBy,
  leftJoinGlobal,
  leftJoinTable,
  map,
  nullable,
  stream,
  table,
  text,
  to,
  toStream,
  tumbling,
  window,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed } from './feed.ts';

const orders = stream('orders', { key: nullable(text), value: nullable(text) });
const users = table('users', { key: text, value: text });
const products = globalTable('products', { key: int64, value: text, name: 'products' });
const both = (value: string, row: string | null) => `${value}+${row}`;

describe('joinTable', () => {
  it('emits each record with the row of its key as it is at that moment, at the time and with the headers of the record', () => {
    const driver = drive([orders.pipe(joinTable(users, both), to('out'))]);
    const headers = [['h', Buffer.from('1')]] as const;
    feed(driver, 'orders', [['a', 'early', 9]], 'none');
    driver.send('users', { key: 'a', value: 'Ann', timestamp: 50, headers: [['other', null]] });
    driver.send('orders', { key: 'a', value: 'cup', timestamp: 2, headers });
    feed(driver, 'users', [['a', 'Anna', 60]], 'none');
    feed(driver, 'orders', [['a', 'pen', 3]], 'none');
    feed(driver, 'users', [['a', null, 61]], 'none');
    feed(driver, 'orders', [['a', 'gone', 4]], 'none');
    expect(driver.read('out')).toEqual([
      { key: 'a', value: 'cup+Ann', timestamp: 2, headers },
      { key: 'a', value: 'pen+Anna', timestamp: 3, headers: [] },
    ]);
    expect(driver.drops).toEqual([]);
  });

  it('drops records without a key or a value, and says so', () => {
    const driver = drive([orders.pipe(joinTable(users, both), to('out'))]);
    expect(
      feed(driver, 'orders', [
        [null, 'x'],
        ['a', null],
        [null, null],
      ]),
    ).toEqual([]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-key', 'null-value', 'null-value']);
  });

  it('lets the function give null, a tombstone', () => {
    const driver = drive([
      orders.pipe(
        joinTable(users, () => null),
        to('out'),
      ),
    ]);
    feed(driver, 'users', [['a', 'Ann']], 'none');
    expect(feed(driver, 'orders', [['a', 'x']])).toEqual([['a', null, 0]]);
  });

  it('reads tables that were filtered and mapped', () => {
    const loud = users.pipe(
      filter((name) => name !== 'x'),
      map((name) => name.toUpperCase()),
    );
    const driver = drive([orders.pipe(joinTable(loud, both), to('out'))]);
    feed(
      driver,
      'users',
      [
        ['a', 'ann'],
        ['b', 'x'],
      ],
      'none',
    );
    expect(
      feed(driver, 'orders', [
        ['a', '1'],
        ['b', '2'],
      ]),
    ).toEqual([['a', '1+ANN', 0]]);
  });

  it('reads tables that were aggregated, from a stream or from groups of rows', () => {
    const clicks = stream('clicks', { key: text, value: text });
    const counts = clicks.pipe(count('clicks-by-user'), emitOnCommit());
    const names = users.pipe(
      groupBy((name) => name),
      count('users-by-name'),
    );
    const driver = drive([
      orders.pipe(
        joinTable(counts, (value, n) => `${value}${n}`),
        to('out'),
      ),
      orders.pipe(
        joinTable(names, (value, n) => `${value}${n}`),
        to('named'),
      ),
    ]);
    feed(
      driver,
      'clicks',
      [
        ['a', ''],
        ['a', ''],
      ],
      'none',
    );
    feed(
      driver,
      'users',
      [
        ['1', 'a'],
        ['2', 'a'],
        ['3', 'a'],
      ],
      'none',
    );
    expect(
      feed(driver, 'orders', [
        ['a', 'x'],
        ['b', 'x'],
      ]),
    ).toEqual([['a', 'x2', 0]]);
    expect(feed(driver, 'orders', [], 'named')).toEqual([['a', 'x3', 0]]);
  });

  it('reads windows by the key of the window, as long as they are kept', () => {
    const clicks = stream('clicks', { key: text, value: text });
    const perWindow = window(tumbling(10));
    const sizes = clicks.pipe(perWindow, count({ name: 'sizes', retention: 15 }));
    const changes = stream('asks', { key: text, value: text }).pipe(perWindow, count('asks'), toStream());
    const driver = drive([
      changes.pipe(
        joinTable(sizes, (asks, size) => `${asks} of ${size}`),
        to('out'),
      ),
    ]);
    feed(
      driver,
      'clicks',
      [
        ['a', '', 1],
        ['a', '', 12],
        ['a', '', 13],
      ],
      'none',
    );
    const at = (start: number) => ({ key: 'a', start, end: start + 10 });
    expect(
      feed(driver, 'asks', [
        ['a', '', 2],
        ['a', '', 14],
      ]),
    ).toEqual([
      [at(0), '1 of 1', 2],
      [at(10), '1 of 2', 14],
    ]);
    feed(driver, 'clicks', [['b', '', 25]], 'none');
    expect(feed(driver, 'asks', [['a', '', 15]])).toEqual([[at(10), '2 of 2', 15]]);
    feed(driver, 'clicks', [['b', '', 35]], 'none');
    expect(feed(driver, 'asks', [['a', '', 16]])).toEqual([]);
  });

  it('repartitions a stream whose key was changed, and is to be partitioned like its table', () => {
    const compiled = topology([
      orders.pipe(
        keyBy((value) => value),
        joinTable(users, both),
        to('out'),
      ),
    ]);
    expect(compiled.repartitions).toHaveLength(1);
    expect(compiled.subtopologies.flatMap(({ copartitioned }) => copartitioned)).toHaveLength(1);
  });

  it('refuses sides that write their keys differently', () => {
    const ids = stream('ids', { key: int64, value: text }).pipe(joinTable(users as never, both), to('out'));
    expect(failure(() => topology([ids])).message).toContain('write their keys differently');
  });

  it('fails the record whose function throws', () => {
    const driver = drive([
      orders.pipe(
        joinTable(users, () => JSON.parse('{')),
        to('out'),
      ),
    ]);
    feed(driver, 'users', [['a', 'Ann']], 'none');
    const error = failure(() => feed(driver, 'orders', [['a', 'x']]));
    expect([error.code, error.details.step, error.details.topic]).toEqual([
      'STEP_FAILED',
      'orders.joinTable',
      'orders',
    ]);
  });

  it('refuses what is not a table and what is no function', () => {
    expect(failure(() => joinTable(orders as never, both)).code).toBe('MISPLACED_STEP');
    expect(failure(() => joinTable(products as never, both)).message).toContain('joinGlobal()');
    expect(failure(() => joinTable(users, 'x' as never)).message).toContain('function of joinTable()');
  });
});

describe('leftJoinTable', () => {
  it('joins records without a row or a key with null, and drops those without a value', () => {
    const driver = drive([orders.pipe(leftJoinTable(users, both), to('out'))]);
    feed(driver, 'users', [['a', 'Ann']], 'none');
    expect(
      feed(driver, 'orders', [
        ['a', 'x', 1],
        ['b', 'y', 2],
        [null, 'z', 3],
        ['a', null],
        [null, null],
      ]),
    ).toEqual([
      ['a', 'x+Ann', 1],
      ['b', 'y+null', 2],
      [null, 'z+null', 3],
    ]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-value', 'null-value']);
  });

  it('finds records without a key behind a change of the key too', () => {
    const driver = drive([
      orders.pipe(
        keyBy((value) => (value === 'x' ? null : value)),
        leftJoinTable(users, both),
        to('out'),
      ),
    ]);
    expect(
      feed(driver, 'orders', [
        ['a', 'x', 1],
        ['a', 'y', 2],
      ]),
    ).toEqual([
      [null, 'x+null', 1],
      ['y', 'y+null', 2],
    ]);
  });
});

describe('joinGlobal', () => {
  const productOf = (value: string) => (value.includes('#') ? Number(value.split('#')[1]) : null);

  it('looks rows up by any key, and keeps the key of the record, even none', () => {
    const driver = drive([orders.pipe(joinGlobal(products, productOf, both), to('out'))]);
    feed(driver, 'products', [[7, 'cup', 50]], 'none');
    expect(
      feed(driver, 'orders', [
        ['a', 'x#7', 3],
        [null, 'y#7', 4],
        ['a', 'z#8', 5],
      ]),
    ).toEqual([
      ['a', 'x#7+cup', 3],
      [null, 'y#7+cup', 4],
    ]);
    feed(driver, 'products', [[7, null]], 'none');
    expect(feed(driver, 'orders', [['a', 'x#7']])).toEqual([]);
    expect(driver.drops).toEqual([]);
  });

  it('drops records without a value, and those for which no key is found, before asking further', () => {
    const asked: unknown[] = [];
    const driver = drive([
      orders.pipe(
        joinGlobal(products, (value) => void asked.push(value), both),
        to('out'),
      ),
    ]);
    expect(
      feed(driver, 'orders', [
        ['a', null],
        ['a', 'x'],
      ]),
    ).toEqual([]);
    expect([driver.drops.map(({ reason }) => reason), asked]).toEqual([['null-value', 'null-key'], ['x']]);
  });

  it('needs no repartitioning, and leaves it to the next step that does', () => {
    const joined = orders.pipe(
      keyBy((value) => value),
      joinGlobal(products, productOf, both),
    );
    expect(topology([joined.pipe(to('out'))]).repartitions).toHaveLength(0);
    expect(topology([joined.pipe(count(), to('out'))]).repartitions).toHaveLength(1);
  });

  it('refuses tables that are not global, and what are not functions', () => {
    expect(failure(() => joinGlobal(users as never, productOf, both)).code).toBe('MISPLACED_STEP');
    expect(failure(() => joinGlobal(products, 7 as never, both)).message).toContain('key of joinGlobal()');
    expect(failure(() => joinGlobal(products, productOf, 7 as never)).message).toContain(
      'function of joinGlobal()',
    );
  });
});

describe('leftJoinGlobal', () => {
  it('joins records with null where there is no row or no key is found', () => {
    const driver = drive([
      orders.pipe(
        leftJoinGlobal(products, (value) => (value === 'x' ? 7 : null), both),
        to('out'),
      ),
    ]);
    expect(
      feed(driver, 'orders', [
        ['a', 'x'],
        [null, 'y'],
        ['a', null],
      ]),
    ).toEqual([
      ['a', 'x+null', 0],
      [null, 'y+null', 0],
    ]);
    feed(driver, 'products', [[7, 'cup']], 'none');
    expect(feed(driver, 'orders', [['a', 'x']])).toEqual([['a', 'x+cup', 0]]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-value']);
  });
});

describe('laws', () => {
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom('orders', 'users'),
      fc.constantFrom('a', 'b'),
      fc.option(fc.constantFrom('1', '2')),
    ),
  );
  test.prop([steps])(
    'an inner join is the left join without what was joined with null, and a join with a table the lookup in it',
    (records) => {
      const driver = drive([
        orders.pipe(joinTable(users, both), to('inner')),
        orders.pipe(leftJoinTable(users, both), to('left')),
      ]);
      const table = new Map<string, string>();
      const expected: unknown[] = [];
      for (const [topic, key, value] of records) {
        driver.send(topic, { key, value });
        if (topic === 'orders' && value !== null)
          expected.push([key, both(value, table.get(key) ?? null), 0]);
        if (topic === 'users' && value !== null) table.set(key, value);
        if (topic === 'users' && value === null) table.delete(key);
      }
      const left = feed(driver, 'users', [], 'left');
      expect(left).toEqual(expected);
      expect(feed(driver, 'users', [], 'inner')).toEqual(
        left.filter((row) => !String((row as unknown[])[1]).endsWith('null')),
      );
    },
  );
});
