import { fc, test } from '@fast-check/vitest';
import {
  aggregate,
  cogroup,
  filter,
  hopping,
  int64,
  keyBy,
  map,
  merge,
  nullable,
  type Stream,
  session,
  sliding,
  stream,
  suppress,
  text,
  to,
  topology,
  tumbling,
  type WindowSpec,
  window,
} from 'millrace';
import { type Driver, drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, taken } from './feed.ts';

const codecs = { key: nullable(text), value: nullable(text) };
const orders = stream('orders', codecs);
const payments = stream('payments', codecs);
const refunds = stream('refunds', codecs);
const note =
  (sign: string) =>
  (notes: string, value: string | null): string =>
    `${notes}${sign}${value}`;
const empty = (): string => '';

const others = [
  [payments, note('-')],
  [refunds, note('~')],
] as const;
const noted = orders.pipe(cogroup(empty, note('+'), others, 'notes'));
const notedInWindows = orders.pipe(
  window(tumbling(10, { grace: 2 })),
  cogroup(empty, note('+'), others, 'notes'),
);
const at = (key: string, start: number, end: number) => ({ key, start, end });

describe('cogroup', () => {
  it('folds each stream with its own function into one row per key', () => {
    const driver = drive([noted.pipe(to('out'))]);
    const results = [
      ...feed(driver, 'orders', [['a', '1', 1]]),
      ...feed(driver, 'payments', [
        ['a', '2', 5],
        ['b', '3', 2],
      ]),
      ...feed(driver, 'refunds', [['a', '4', 3]]),
    ];
    expect(results).toEqual([
      ['a', '+1', 1],
      ['a', '+1-2', 5],
      ['b', '-3', 2],
      ['a', '+1-2~4', 5],
    ]);
    expect(driver.store('notes').map(([key, { value }]) => [key, value])).toEqual([
      ['a', '+1-2~4'],
      ['b', '-3'],
    ]);
  });

  it('drops records without a key or a value, of every stream', () => {
    const driver = drive([noted.pipe(to('out'))]);
    for (const topic of ['orders', 'payments', 'refunds']) {
      driver.send(topic, { key: null, value: 'x' });
      driver.send(topic, { key: 'a', value: null });
    }
    expect(driver.read('out')).toEqual([]);
    expect(driver.drops.map(({ reason, topic }) => [reason, topic])).toEqual([
      ['null-key', 'orders'],
      ['null-value', 'orders'],
      ['null-key', 'payments'],
      ['null-value', 'payments'],
      ['null-key', 'refunds'],
      ['null-value', 'refunds'],
    ]);
  });

  it('deletes the row where a function gives null, and begins anew', () => {
    const cleared = orders.pipe(cogroup(empty, note('+'), [[payments, (): null => null]]), to('out'));
    const driver = drive([cleared]);
    feed(driver, 'orders', [['a', '1', 1]]);
    expect(feed(driver, 'payments', [['a', '2', 2]])).toEqual([['a', null, 2]]);
    expect(feed(driver, 'orders', [['a', '3', 3]])).toEqual([['a', '+3', 3]]);
  });

  it('takes one stream alone, and one stream twice', () => {
    const alone = drive([orders.pipe(cogroup(empty, note('+'), []), to('out'))]);
    expect(feed(alone, 'orders', [['a', '1', 1]])).toEqual([['a', '+1', 1]]);
    const twice = drive([orders.pipe(cogroup(empty, note('+'), [[orders, note('-')]]), to('out'))]);
    expect(feed(twice, 'orders', [['a', '1', 1]])).toEqual([
      ['a', '+1', 1],
      ['a', '+1-1', 1],
    ]);
  });

  it('gets each stream through a repartition topic of its own where keys were changed', () => {
    const byValue = keyBy<typeof orders, string | null>((value) => value);
    const rekeyed = orders.pipe(
      byValue,
      cogroup(empty, note('+'), [[payments.pipe(byValue), note('-')]], 'notes'),
      to('out'),
    );
    expect(topology([rekeyed]).repartitions.map(({ topic }) => topic)).toEqual([
      'notes-repartition',
      'payments.keyBy-repartition',
    ]);
    const driver = drive([rekeyed]);
    driver.send('orders', { key: 'a', value: 'x' });
    driver.send('payments', { key: 'b', value: 'x' });
    expect(taken(driver)).toEqual([
      ['x', '+x', 0],
      ['x', '+x-x', 0],
    ]);
  });

  it('wants the topics of all streams partitioned alike', () => {
    const [piece] = topology([noted.pipe(to('out'))]).subtopologies;
    expect(piece?.copartitioned).toEqual([['orders', 'payments', 'refunds']]);
    const numbered = stream('numbered', { key: int64, value: text }) as unknown as typeof payments;
    expect(
      failure(() => topology([orders.pipe(cogroup(empty, note('+'), [[numbered, note('-')]]))])),
    ).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('names the step in errors of every function', () => {
    const failing = (): string => {
      throw new Error('no');
    };
    const driver = drive([orders.pipe(cogroup(empty, note('+'), [[payments, failing]], 'notes'))]);
    expect(failure(() => driver.send('payments', { key: 'a', value: 'x' }))).toMatchObject({
      code: 'STEP_FAILED',
      details: { step: 'notes', topic: 'payments', offset: 0 },
    });
  });

  it('refuses what is not a list of streams with a function each', () => {
    const refused = (others: unknown) => failure(() => cogroup(empty, note('+'), others as []));
    expect(refused(undefined)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused([payments, note('-')])).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused([[payments]])).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused([[payments, 'no']])).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused([[noted, note('-')]])).toMatchObject({ code: 'MISPLACED_STEP' });
    expect(failure(() => cogroup('no' as never, note('+'), []))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(failure(() => cogroup(empty, 'no' as never, []))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const merger = note('&') as never;
    expect(failure(() => orders.pipe(cogroup(empty, note('+'), [], merger)))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('cogroup in windows', () => {
  it('lets each stream go by its own time', () => {
    const driver = drive([notedInWindows.pipe(to('out'))]);
    feed(driver, 'orders', [
      ['a', '1', 1],
      ['a', '2', 12],
    ]);
    expect(feed(driver, 'payments', [['a', '3', 8]])).toEqual([[at('a', 0, 10), '+1-3', 8]]);
    expect(feed(driver, 'orders', [['a', '4', 9]])).toEqual([]);
    expect(driver.drops).toMatchObject([{ reason: 'late', topic: 'orders', offset: 2 }]);
  });

  it('remembers the time of each stream over a restart', () => {
    const driver = drive([notedInWindows.pipe(to('out'))]);
    feed(driver, 'orders', [['a', '1', 15]]);
    feed(driver, 'payments', [['a', '2', 25]]);
    driver.commit();
    driver.restart();
    for (const topic of ['orders', 'payments', 'refunds'])
      driver.send(topic, { key: 'a', value: 'x', timestamp: 17 });
    expect(driver.drops.map(({ reason, topic }) => [reason, topic])).toEqual([['late', 'payments']]);
  });

  it('merges sessions of records of all streams', () => {
    const visits = orders.pipe(
      window(session(5, { grace: 20 })),
      cogroup(empty, note('+'), [[payments, note('-')]], (a, b) => `(${a}&${b})`),
      to('out'),
    );
    const driver = drive([visits]);
    feed(driver, 'orders', [['a', '1', 0]]);
    feed(driver, 'payments', [['a', '2', 8]]);
    driver.read('out');
    expect(feed(driver, 'orders', [['a', '3', 4]])).toEqual([
      [at('a', 0, 0), null, 0],
      [at('a', 8, 8), null, 8],
      [at('a', 0, 8), '((&+1)&-2)+3', 8],
    ]);
  });

  it('needs to be told how sessions merge, and cannot emit when windows close', () => {
    const sessions = orders.pipe(window(session(5)));
    expect(failure(() => sessions.pipe(cogroup(empty, note('+'), others, 'notes' as never)))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const closing = orders.pipe(window(tumbling(5), { emit: 'onClose' }));
    expect(failure(() => closing.pipe(cogroup(empty, note('+'), others)))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('gives final rows with suppress()', () => {
    const final = orders.pipe(
      window(tumbling(10)),
      cogroup(empty, note('+'), [[payments, note('-')]]),
      suppress({ until: 'windowCloses' }),
      to('out'),
    );
    const driver = drive([final]);
    feed(driver, 'orders', [['a', '1', 1]]);
    feed(driver, 'payments', [['a', '2', 2]]);
    expect(feed(driver, 'orders', [['a', '3', 10]])).toEqual([[at('a', 0, 10), '+1-2', 2]]);
  });
});

describe('cogroup and aggregate', () => {
  const records = fc.array(
    fc.tuple(
      fc.constantFrom('orders', 'payments'),
      fc.constantFrom('a', 'b'),
      fc.integer({ min: 0, max: 60 }),
    ),
    { maxLength: 40 },
  );
  /** The same rows by another way: both streams in one, each record with its sign. */
  const signed = (sign: string) => map<typeof orders, string>((value) => `${sign}${value}`);
  const together = orders.pipe(signed('+'), merge(payments.pipe(signed('-')))) as Stream<
    string | null,
    string | null
  >;
  const append = (notes: string, value: string | null): string => `${notes}${value}`;
  const join = (a: string, b: string): string => `(${a}&${b})`;

  const fedAlike = (
    drivers: readonly Driver[],
    all: readonly (readonly [string, string, number])[],
  ): void => {
    for (const [index, [topic, key, timestamp]] of all.entries()) {
      for (const driver of drivers) driver.send(topic, { key, value: String(index), timestamp });
    }
  };

  test.prop([
    records,
    fc.constantFrom<WindowSpec>(
      tumbling(10, { grace: 100 }),
      hopping(10, { advance: 5, grace: 100 }),
      sliding(10, { grace: 100 }),
    ),
  ])('make the same of two streams, apart or in one, while nothing is late', (all, spec) => {
    const cut = window<typeof orders>(spec);
    const apart = drive([orders.pipe(cut, cogroup(empty, note('+'), [[payments, note('-')]]), to('out'))]);
    const inOne = drive([together.pipe(cut, aggregate(empty, append), to('out'))]);
    fedAlike([apart, inOne], all);
    expect(taken(apart)).toEqual(taken(inOne));
  });

  test.prop([records])('make the same sessions', (all) => {
    const cut = window<typeof orders>(session(5, { grace: 100 }));
    const apart = drive([
      orders.pipe(cut, cogroup(empty, note('+'), [[payments, note('-')]], join), to('out')),
    ]);
    const inOne = drive([together.pipe(cut, aggregate(empty, append, join), to('out'))]);
    fedAlike([apart, inOne], all);
    expect(taken(apart)).toEqual(taken(inOne));
  });

  test.prop([records])('make the same rows without windows', (all) => {
    const present = filter<typeof orders, string>((value) => value !== null);
    const apart = drive([orders.pipe(cogroup(empty, note('+'), [[payments, note('-')]]), to('out'))]);
    const inOne = drive([together.pipe(present, aggregate(empty, append), to('out'))]);
    fedAlike([apart, inOne], all);
    expect(taken(apart)).toEqual(taken(inOne));
  });
});
