import { describe, expect, it } from 'vitest';
import {
  count,
  filter,
  globalTable,
  int64,
  keyBy,
  type Op,
  process,
  type Stream,
  stream,
  table,
  text,
  to,
  topology,
  tumbling,
  window,
} from '../../src/index.ts';
import { drive } from '../../src/runtime/testing/index.ts';
import { failure } from '../dsl/failure.ts';
import { feed, taken } from './feed.ts';
import { numbers } from './sources.ts';

type Numbers = Stream<string, number>;
const codecs = { key: text, value: int64 };
const users = table('users', codecs);
const rates = globalTable('rates', codecs);

describe('process, with tables', () => {
  it('reads the rows as they are when the record is at work, of local and of global tables', () => {
    const step: Op<Numbers, Numbers> = process(
      { tables: { users, rates } },
      ({ tables, emit }) =>
        ({ key }) => {
          emit({ value: tables.users.get(key) ?? -1, timestamp: tables.users.timestamp(key) ?? 0 });
          emit({ key: 'rate', value: tables.rates.get('eur') ?? -1 });
        },
    );
    const driver = drive([numbers.pipe(step, to('out'))]);
    expect(feed(driver, 'in', [['a', 0, 9]])).toEqual([
      ['a', -1, 0],
      ['rate', -1, 9],
    ]);
    driver.send('users', { key: 'a', value: 7, timestamp: 4 });
    driver.send('rates', { key: 'eur', value: 3, timestamp: 4 });
    expect(taken(driver)).toEqual([]);
    driver.commit();
    driver.restart();
    expect(feed(driver, 'in', [['a', 0, 9]])).toEqual([
      ['a', 7, 4],
      ['rate', 3, 9],
    ]);
  });

  it('reads through what filters a table, and finds no row for a record without a key', () => {
    const large = users.pipe(filter((value) => value > 5));
    const keyless = stream('in', { key: text, value: int64 }).pipe(
      keyBy((value) => (value < 0 ? null : String(value))),
    );
    const step = process({ tables: { large, rates } }, ({ tables, emit }) => ({ key }) => {
      emit({ key: 'x', value: tables.large.get(key) ?? tables.rates.get(key) ?? -1 });
    }) as Op<typeof keyless, Numbers>;
    const plain = numbers.pipe(
      process(
        { tables: { rates } },
        ({ tables, emit }) =>
          () =>
            emit({ value: tables.rates.get(null) ?? -1 }),
      ),
      to('plain'),
    );
    const driver = drive([keyless.pipe(step, to('out')), plain]);
    driver.send('users', { key: '1', value: 5 });
    driver.send('users', { key: '2', value: 6 });
    expect(
      feed(driver, 'in', [
        ['a', 1],
        ['a', 2],
      ]).map((row) => (row as unknown[])[1]),
    ).toEqual([-1, 6]);
    expect(taken(driver, 'plain')).toEqual([
      ['a', -1, 0],
      ['a', -1, 0],
    ]);
  });

  it('reads versions as of a moment', () => {
    const prices = table('prices', { ...codecs, versioned: '1h' });
    const step: Op<Numbers, Numbers> = process(
      { tables: { prices } },
      ({ tables, emit }) =>
        ({ key, value }) =>
          emit({
            value: tables.prices.get(key, value) ?? -1,
            timestamp: tables.prices.timestamp(key, value) ?? 0,
          }),
    );
    const driver = drive([numbers.pipe(step, to('out'))]);
    driver.send('prices', { key: 'a', value: 1, timestamp: 10 });
    driver.send('prices', { key: 'a', value: 2, timestamp: 20 });
    expect(
      feed(driver, 'in', [
        ['a', 15, 30],
        ['a', 25, 30],
        ['a', 5, 30],
      ]),
    ).toEqual([
      ['a', 1, 10],
      ['a', 2, 20],
      ['a', -1, 0],
    ]);
  });

  it('reads the windows of an aggregate beside the records of their keys', () => {
    const perMinute = numbers.pipe(window(tumbling('1m')), count('per-minute'));
    const step: Op<Numbers, Numbers> = process({ tables: { perMinute } }, ({ tables, emit }) => ({ key }) => {
      emit({ value: tables.perMinute.get({ key, start: 0, end: 60_000 }) ?? 0 });
    });
    const driver = drive([numbers.pipe(step, to('out'))]);
    expect(
      feed(driver, 'in', [
        ['a', 0, 1],
        ['b', 0, 2],
        ['a', 0, 3],
      ]),
    ).toEqual([
      ['a', 1, 1],
      ['b', 1, 2],
      ['a', 2, 3],
    ]);
  });

  it('gets its records by key for local tables, and must have their keys written alike', () => {
    const rekeyed = numbers.pipe(keyBy((value) => String(value)));
    const local = rekeyed.pipe(
      process({ tables: { users } }, () => () => {}),
      to('out'),
    );
    expect(topology([local]).repartitions).toHaveLength(1);
    expect(topology([local]).subtopologies.at(-1)!.copartitioned).toEqual([
      ['in.keyBy-repartition', 'users'],
    ]);
    const global = rekeyed.pipe(
      process({ tables: { rates } }, () => () => {}),
      to('out'),
    );
    expect(topology([global]).repartitions).toHaveLength(0);
    const unlike = numbers.pipe(
      keyBy((value) => value, int64),
      process({ tables: { users } }, () => () => {}),
      to('out'),
    );
    expect(failure(() => topology([unlike]))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each<[string, string, unknown]>([
    ['streams', 'MISPLACED_STEP', { numbers }],
    ['what is no table', 'INVALID_ARGUMENT', { users: 'users' }],
    ['what is no object', 'INVALID_ARGUMENT', 'users'],
  ])('refuses %s for tables', (_, code, tables) => {
    expect(failure(() => process({ tables: tables as never }, () => () => {}))).toMatchObject({ code });
  });
});
