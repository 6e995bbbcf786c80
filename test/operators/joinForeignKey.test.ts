import { fc, test } from '@fast-check/vitest';
import {
  bytes,
  count,
  filter,
  groupBy,
  int64,
  joinForeignKey,
  joinTable,
  json,
  leftJoinForeignKey,
  map,
  reduce,
  type Table,
  table,
  text,
  to,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { describeText } from '../../src/dsl/describe/text.ts';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed, type Short, taken } from './feed.ts';
import { numbers } from './sources.ts';

/** Orders are 'thing' or 'thing|user'. */
const orders: Table<string, string> = table('orders', { key: text, value: text });
const users: Table<string, string> = table('users', { key: text, value: text });
const userOf = (order: string): string | undefined => order.split('|')[1];

const inner = orders.pipe(
  joinForeignKey(users, userOf, (order, user) => `${order}+${user}`, { name: 'joined' }),
);
const left = orders.pipe(
  leftJoinForeignKey(users, userOf, (order, user) => `${order}+${user}`, { name: 'joined' }),
);

describe('joinForeignKey', () => {
  it('joins each row with the one it refers to, anew with each change of either', () => {
    const driver = drive([inner.pipe(to('out'))]);
    feed(driver, 'users', [['u1', 'Ann', 10]]);
    expect(
      feed(driver, 'orders', [
        ['o1', 'pen|u1', 3],
        ['o2', 'cup|u2', 4],
      ]),
    ).toEqual([['o1', 'pen|u1+Ann', 10]]);
    expect(
      feed(driver, 'users', [
        ['u2', 'Bob', 2],
        ['u1', 'Eve', 5],
      ]),
    ).toEqual([
      ['o2', 'cup|u2+Bob', 2],
      ['o1', 'pen|u1+Eve', 5],
    ]);
    expect(
      feed(driver, 'orders', [
        ['o1', 'pen|u2', 20],
        ['o1', null, 21],
      ]),
    ).toEqual([
      ['o1', 'pen|u2+Bob', 20],
      ['o1', null, 21],
    ]);
    expect(feed(driver, 'users', [['u2', null, 22]])).toEqual([['o2', null, 22]]);
    expect(driver.store('joined')).toEqual([]);
  });

  it('tells all rows that refer to a row, in the order of their keys', () => {
    const driver = drive([inner.pipe(to('out'))]);
    feed(driver, 'orders', [
      ['b', 'x|u', 1],
      ['c', 'x|u1', 1],
      ['a', 'x|u', 1],
      ['B', 'x|u', 1],
      ['é', 'x|u', 1],
    ]);
    expect(feed(driver, 'users', [['u', 'U', 2]])).toEqual(
      ['B', 'a', 'b', 'é'].map((key) => [key, 'x|u+U', 2]),
    );
  });

  it('reports rows that refer to none, and takes their result back', () => {
    const driver = drive([inner.pipe(to('out'))]);
    feed(driver, 'users', [['u', 'U', 1]]);
    expect(
      feed(driver, 'orders', [
        ['o', 'x|u', 2],
        ['o', 'x', 3],
        ['o', 'y', 4],
        ['o', null, 5],
      ]),
    ).toEqual([
      ['o', 'x|u+U', 2],
      ['o', null, 3],
    ]);
    expect(driver.drops.map(({ reason, step }) => [reason, step])).toEqual([
      ['null-key', 'orders.foreignKey'],
      ['null-key', 'orders.foreignKey'],
    ]);
  });

  it('makes no row where the function gives null, and fails the record where it gives nothing', () => {
    const even = orders.pipe(
      joinForeignKey(users, userOf, (order, user) => (user.length % 2 === 0 ? `${order}+${user}` : null)),
      to('out'),
    );
    const driver = drive([even]);
    feed(driver, 'orders', [['o', 'x|u', 1]]);
    expect(
      feed(driver, 'users', [
        ['u', 'ab', 2],
        ['u', 'abc', 3],
      ]),
    ).toEqual([
      ['o', 'x|u+ab', 2],
      ['o', null, 3],
    ]);
    const forgets = drive([orders.pipe(joinForeignKey(users, userOf, () => undefined as unknown as string))]);
    feed(forgets, 'orders', [['o', 'x|u', 1]]);
    expect(failure(() => feed(forgets, 'users', [['u', 'U', 2]])).code).toBe('STEP_FAILED');
  });

  it('gives its functions the messages of the left row', () => {
    const seen: unknown[] = [];
    const end = orders.pipe(
      joinForeignKey(
        users,
        (order, { key, value }) => {
          seen.push([order, key, value]);
          return key;
        },
        (order, user, { key, value, timestamp }) => `${key} ${order === value} ${user} ${timestamp}`,
      ),
      to('out'),
    );
    const driver = drive([end]);
    feed(driver, 'users', [['a', 'A', 7]]);
    expect(
      feed(driver, 'orders', [
        ['a', 'x', 1],
        ['a', 'y', 8],
      ]),
    ).toEqual([
      ['a', 'a true A 7', 7],
      ['a', 'a true A 8', 8],
    ]);
    expect(seen).toEqual([['x', 'a', 'x'], ['x', 'a', 'x'], ['y', 'a', 'y']]); // biome-ignore format: one line
  });

  it('is a table: what it was is known to groups, other tables find its rows', () => {
    const perUser = inner.pipe(
      groupBy((row) => row.split('+')[1]),
      count('per-user'),
    );
    const notes = table('notes', { key: text, value: text });
    const noted = notes.pipe(joinTable(inner, (note, row) => `${note}: ${row}`));
    const driver = drive([perUser.pipe(to('counts')), noted.pipe(to('out'))]);
    feed(driver, 'users', [['u', 'U', 1]]);
    feed(driver, 'orders', [
      ['a', 'x|u', 2],
      ['b', 'y|u', 3],
    ]);
    feed(driver, 'users', [['u', 'V', 4]]);
    expect(driver.store('per-user').map(([key, { value }]) => [key, value])).toEqual([
      ['U', 0],
      ['V', 2],
    ]);
    expect(feed(driver, 'notes', [['a', 'note', 5]])).toEqual([['a', 'note: x|u+V', 5]]);
  });

  it('stands behind tables without a store of their own, and keys and rows may be anything with a codec', () => {
    const sizes = table('sizes', { key: int64, value: bytes });
    const items = table('items', { key: bytes, value: json<{ size: number; name: string }>() });
    const end = items.pipe(
      filter((item) => item.size > 0),
      map((item) => ({ ...item, big: item.size > 9 })),
      joinForeignKey(
        sizes.pipe(filter((label) => label.length > 0)),
        (item) => item.size,
        (item, label) => `${item.name} ${item.big} ${label}`,
        { value: text },
      ),
      to('out'),
    );
    const driver = drive([end]);
    feed(driver, 'sizes', [
      [10, Buffer.from('ten')],
      [1, Buffer.from('one')],
    ]);
    feed(driver, 'items', [
      [Buffer.from([0xff]), { size: 10, name: 'x' }],
      [Buffer.from([0]), { size: 10, name: 'y' }],
    ]);
    taken(driver);
    expect(
      feed(driver, 'sizes', [
        [10, Buffer.from('TEN')],
        [10, Buffer.alloc(0)],
      ]),
    ).toEqual([
      [Buffer.from([0]), 'y true TEN', 0],
      [Buffer.from([0xff]), 'x true TEN', 0],
      [Buffer.from([0]), null, 0],
      [Buffer.from([0xff]), null, 0],
    ]);
  });

  it('joins a table with itself', () => {
    const staff = table('staff', { key: text, value: json<{ name: string; boss?: string }>() });
    const end = staff.pipe(
      leftJoinForeignKey(
        staff,
        (one) => one.boss,
        (one, boss) => `${one.name} < ${boss?.name ?? 'nobody'}`,
        { name: 'bosses' },
      ),
      to('out'),
    );
    const driver = drive([end]);
    expect(
      feed(driver, 'staff', [
        ['a', { name: 'A', boss: 'b' }],
        ['b', { name: 'B' }],
        ['b', { name: 'Bee', boss: 'b' }],
      ]),
    ).toEqual([
      ['a', 'A < nobody', 0],
      ['a', 'A < B', 0],
      ['b', 'B < nobody', 0],
      ['a', 'A < Bee', 0],
      ['b', 'Bee < Bee', 0],
    ]);
  });

  it('goes through two repartition topics, each partitioned as the table it leads to', () => {
    const compiled = topology([inner]);
    expect(compiled.repartitions.map(({ topic, key, value }) => [topic, key.name, value.name])).toEqual([
      ['joined-subscriptions-repartition', 'text', 'headed(text)'],
      ['joined-repartition', 'text', 'headed(text)'],
    ]);
    expect(compiled.subtopologies.map(({ copartitioned }) => copartitioned)).toEqual(
      expect.arrayContaining([
        [['joined-repartition', 'orders']],
        [['joined-subscriptions-repartition', 'users']],
      ]),
    );
    expect(compiled.subtopologies.flatMap(({ stores }) => stores.map(({ name }) => name)).sort()).toEqual([
      'joined',
      'joined-subscriptions',
      'orders',
      'users',
    ]);
    expect(describeText(compiled)).toContain('Source: joined-subscriptions-repartition-source');
  });

  it('names what it keeps by the path, and asks for a name where that is taken', () => {
    const join = () => orders.pipe(joinForeignKey(users, userOf, (order, user) => order + user));
    expect(
      topology([join()])
        .subtopologies.flatMap(({ stores }) => stores.map(({ name }) => name))
        .sort(),
    ).toEqual(['orders', 'orders.foreignKey.lookup', 'orders.joinForeignKey', 'users']);
    expect(failure(() => topology([join(), join()])).code).toBe('AMBIGUOUS_NAME');
  });

  it('refuses what is not a table, not a function, not a codec, and options that do not exist', () => {
    const concat = (a: string, b: string): string => a + b;
    expect(failure(() => joinForeignKey(numbers as never as typeof users, userOf, concat)).code).toBe(
      'MISPLACED_STEP',
    );
    expect(failure(() => joinForeignKey(users, userOf, concat)(numbers as never)).code).toBe(
      'MISPLACED_STEP',
    );
    expect(failure(() => joinForeignKey(users, 'user' as never, concat)).message).toContain(
      'foreign key of joinForeignKey()',
    );
    expect(failure(() => leftJoinForeignKey(users, userOf, 7 as never)).message).toContain(
      'function of leftJoinForeignKey()',
    );
    const join = joinForeignKey as (...given: unknown[]) => unknown;
    expect(failure(() => join(users, userOf, concat, { value: 7 })).message).toContain(
      'value of joinForeignKey()',
    );
    expect(failure(() => join(users, userOf, concat, { right: 7 })).message).toContain(
      'right of joinForeignKey()',
    );
    expect(failure(() => join(users, userOf, concat, { names: 'x' })).message).toContain(
      "Did you mean 'name'?",
    );
  });

  const keys = fc.constantFrom('a', 'b', 'c');
  const change = fc.oneof(
    fc.tuple(fc.constant('orders'), keys, fc.option(fc.constantFrom('x|u', 'y|u', 'x|v', 'x', 'y|w'))),
    fc.tuple(fc.constant('users'), fc.constantFrom('u', 'v', 'w'), fc.option(fc.constantFrom('1', '2'))),
  );
  const changes = fc.array(fc.tuple(change, fc.boolean()), { maxLength: 40 });
  test.prop([changes, fc.boolean()])(
    'holds what joining the tables as they are gives, also after restarts',
    (steps, padded) => {
      const driver = drive([padded ? left : inner]);
      const rows = { orders: new Map<string, string>(), users: new Map<string, string>() };
      for (const [[topic, key, value], restarts] of steps) {
        driver.send(topic, { key, value });
        const side = rows[topic as 'orders' | 'users'];
        if (value === null) side.delete(key);
        else side.set(key, value);
        if (restarts) {
          driver.commit();
          driver.restart();
        }
        const expected = [...rows.orders]
          .map(([order, row]) => [order, row, rows.users.get(userOf(row) ?? '')] as const)
          .filter(([, , user]) => padded || user !== undefined)
          .map(([order, row, user]) => [order, `${row}+${user ?? null}`]);
        expect(driver.store('joined').map(([order, cell]) => [order, cell.value])).toEqual(expected.sort());
      }
      driver.close();
    },
  );
});

describe('leftJoinForeignKey', () => {
  it('joins rows that refer to none, or to one that is not there, with null', () => {
    const driver = drive([left.pipe(to('out'))]);
    const steps: [topic: string, ...Short[]][] = [
      ['orders', ['o', 'x|u', 5], ['p', 'y', 6]],
      ['users', ['u', 'U', 1]],
      ['orders', ['o', 'x|v', 7], ['o', 'x', 8], ['o', 'x|u', 9]],
      ['users', ['u', null, 10]],
      ['orders', ['o', null, 11], ['p', null, 12], ['q', null, 13]],
    ];
    expect(steps.flatMap(([topic, ...records]) => feed(driver, topic, records))).toEqual([
      ['o', 'x|u+null', 5],
      ['p', 'y+null', 6],
      ['o', 'x|u+U', 1],
      ['o', 'x|v+null', 7],
      ['o', 'x+null', 8],
      ['o', 'x|u+U', 9],
      ['o', 'x|u+null', 10],
      ['o', null, 11],
      ['p', null, 12],
    ]);
    expect(driver.drops).toEqual([]);
  });

  it('reduces its rows by group as they change', () => {
    const end = left.pipe(
      groupBy((row) => row.split('+')[1]),
      reduce(
        (a, b) => `${a}&${b}`,
        (a, b) => `${a}-${b}`,
      ),
      to('out'),
    );
    const driver = drive([end]);
    feed(driver, 'orders', [
      ['a', 'x|u', 1],
      ['b', 'y|u', 2],
    ]);
    expect(feed(driver, 'users', [['u', 'U', 3]])).toEqual([
      ['null', 'x|u+null&y|u+null-x|u+null', 3],
      ['U', 'x|u+U', 3],
      ['null', 'x|u+null&y|u+null-x|u+null-y|u+null', 3],
      ['U', 'x|u+U&y|u+U', 3],
    ]);
  });
});
