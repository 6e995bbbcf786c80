import { describe, expect, it } from 'vitest';
import {
  aggregate,
  count,
  filter,
  globalTable,
  groupBy,
  int64,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  leftJoinTable,
  map,
  merge,
  nullable,
  repartition,
  stream,
  sum,
  table,
  text,
  to,
  topology,
  toStream,
} from '../../src/index.ts';

const codecs = { key: text, value: json<{ user: string; item: string; total: number }>() };
const orders = stream('orders', codecs);
const users = table('users', { key: text, value: json<{ name: string }>() });
const byUser = orders.pipe(keyBy((order) => order.user));

const repartitionsOf = (...sinks: Parameters<typeof topology>[0]) =>
  topology(sinks).repartitions.map(({ topic }) => topic);
const storesOf = (...sinks: Parameters<typeof topology>[0]) =>
  topology(sinks).subtopologies.flatMap(({ stores }) => stores.map(({ name }) => name));

describe('topology', () => {
  it('puts a repartition topic where a changed key meets a step that keeps state, and nowhere else', () => {
    expect(repartitionsOf(orders.pipe(count('a'), to('x')))).toEqual([]);
    expect(
      repartitionsOf(
        orders.pipe(
          map((order) => order.total),
          count('a'),
          to('x'),
        ),
      ),
    ).toEqual([]);
    expect(repartitionsOf(byUser.pipe(to('x')))).toEqual([]);
    expect(repartitionsOf(byUser.pipe(count('a'), to('x')))).toEqual(['a-repartition']);
    expect(
      repartitionsOf(
        byUser.pipe(
          filter(() => true),
          joinTable(users, () => 1),
          to('x'),
        ),
      ),
    ).toEqual(['orders.keyBy.filter-repartition']);
  });

  it('keeps a changed key in mind through merge, and forgets it behind a topic', () => {
    const merged = orders.pipe(merge(byUser));
    expect(repartitionsOf(merged.pipe(count('a'), to('x')))).toEqual(['a-repartition']);
    const settled = byUser.pipe(repartition({ name: 'by-user' }));
    expect(
      repartitionsOf(
        settled.pipe(count('a'), to('x')),
        settled.pipe(
          sum((order) => order.total, 'b'),
          to('y'),
        ),
      ),
    ).toEqual(['by-user-repartition']);
  });

  it('shares one topic between all steps that need the same new key', () => {
    const counted = byUser.pipe(count('counts'), to('x'));
    const joined = byUser.pipe(
      joinTable(users, (order) => order.total),
      to('y'),
    );
    expect(repartitionsOf(counted, joined)).toEqual(['counts-repartition']);
  });

  it('joins with a global table where the record is', () => {
    const rates = globalTable('rates', { key: text, value: json<number>() });
    const joined = byUser.pipe(
      joinGlobal(
        rates,
        (order) => order.item,
        (order, rate) => order.total * rate,
      ),
      to('x'),
    );
    const compiled = topology([joined]);
    expect(compiled.repartitions).toEqual([]);
    expect(compiled.globalTables.map(({ topic }) => topic)).toEqual(['rates']);
    expect(compiled.subtopologies.map(({ name }) => name)).toEqual(['orders']);
  });

  it('regroups a table through a topic', () => {
    const perName = users.pipe(
      groupBy((user) => user.name),
      count('names'),
      to('x'),
    );
    expect(repartitionsOf(perName)).toEqual(['names-repartition']);
  });

  it('cuts at topics, and keeps what reads one topic together', () => {
    const compiled = topology([
      byUser.pipe(count('counts'), to('x')),
      orders.pipe(
        joinTable(users, (order) => order.total),
        to('y'),
      ),
      stream('orders', codecs).pipe(to('z')),
    ]);
    expect(
      compiled.subtopologies.map(({ name, sources }) => [name, sources.map(({ topic }) => topic)]),
    ).toEqual([
      ['orders', ['orders', 'users', 'orders']],
      ['counts-repartition', ['counts-repartition']],
    ]);
  });

  it('says which topics have to be partitioned alike', () => {
    const [piece] = topology([
      orders.pipe(
        joinTable(users, (order) => order.total),
        to('y'),
      ),
    ]).subtopologies;
    expect(piece!.copartitioned).toEqual([['orders', 'users']]);
  });

  it('names stores by the user or by the path, and never by a counter', () => {
    expect(storesOf(orders.pipe(count('mine'), to('x')))).toEqual(['mine']);
    const derived = orders.pipe(
      filter(() => true),
      count(),
      to('x'),
    );
    expect(storesOf(derived)).toEqual(['orders.filter.count']);
    const besides = orders.pipe(
      filter(() => false),
      to('y'),
    );
    expect(storesOf(besides, derived)).toEqual(['orders.filter.count']);
  });

  it('asks for a name where two stores would share one', () => {
    const one = orders.pipe(count(), to('x'));
    const other = orders.pipe(count(), to('y'));
    expect(() => topology([one, other])).toThrow(/AMBIGUOUS_NAME.*orders\.count/);
    const upper = orders.pipe(count('Names'), to('x'));
    const lower = orders.pipe(count('names'), to('y'));
    expect(() => topology([upper, lower])).toThrow(/AMBIGUOUS_NAME.*only by case/);
  });

  it('refuses to join keys that are written differently', () => {
    const numbered = stream('numbered', { key: int64, value: json<number>() });
    const other = table('other', { key: json<number>(), value: json<number>() });
    const joined = numbered.pipe(
      joinTable(other, (left, right) => left + right),
      to('x'),
    );
    expect(() => topology([joined])).toThrow(/INVALID_ARGUMENT.*differently/);
    const loose = stream('loose', { key: nullable(text), value: json<number>() });
    expect(() =>
      topology([
        loose.pipe(
          leftJoinTable(users, (left) => left),
          to('x'),
        ),
      ]),
    ).not.toThrow();
  });

  it('gives the same steps for the same description, however often and wherever it is compiled', () => {
    const sinks = () => [
      byUser.pipe(count('counts'), to('x')),
      orders.pipe(
        aggregate(
          () => 0,
          (a) => a,
          'b',
        ),
        toStream(),
        to('y'),
      ),
    ];
    const names = (compiled: ReturnType<typeof topology>) =>
      compiled.subtopologies.map(({ name, steps }) => [name, steps.map((step) => step.name)]);
    expect(names(topology(sinks()))).toEqual(names(topology(sinks())));
    expect(new Set(names(topology(sinks())).flatMap(([, steps]) => steps)).size).toBe(
      names(topology(sinks())).flatMap(([, steps]) => steps).length,
    );
  });

  it('takes a pipeline of a thousand steps', () => {
    let long = orders.pipe(filter(() => true));
    for (let n = 0; n < 1_000; n++) long = long.pipe(filter(() => true));
    expect(topology([long.pipe(to('x'))]).subtopologies[0]!.steps).toHaveLength(1_003);
  });

  it('throws without anything to do', () => {
    expect(() => topology([])).toThrow(/INVALID_ARGUMENT/);
  });
});
