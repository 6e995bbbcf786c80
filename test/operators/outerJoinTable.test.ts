import { fc, test } from '@fast-check/vitest';
import { filter, joinTable, json, leftJoinTable, outerJoinTable, stream, table, text, to } from 'millrace';
import { type Driver, drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { taken } from './feed.ts';

const left = table('left', { key: text, value: json<number>() });
const right = table('right', { key: text, value: json<number>() });
const pair = (a: number | null, b: number | null): string => `${a ?? '-'}${b ?? '-'}`;

const ends = {
  inner: left.pipe(joinTable(right, pair), to('out')),
  left: left.pipe(leftJoinTable(right, pair), to('out')),
  outer: left.pipe(outerJoinTable(right, pair), to('out')),
};

type Sent = readonly [topic: string, value: number | null, timestamp?: number, key?: string];

function send(driver: Driver, [topic, value, timestamp = 0, key = 'a']: Sent): unknown[] {
  driver.send(topic, { key, value, timestamp });
  return taken(driver);
}

const results = (end: keyof typeof ends, sent: readonly Sent[]): unknown[] => {
  const driver = drive([ends[end]]);
  return sent.map((record) => send(driver, record).map((row) => (row as unknown[]).slice(1)));
};

const story: readonly Sent[] = [
  ['left', 1, 5],
  ['right', 2, 3],
  ['left', 3, 7],
  ['right', null, 9],
  ['right', 4, 8],
  ['left', null, 1],
  ['right', null, 2],
];

describe('joinTable, leftJoinTable and outerJoinTable of tables', () => {
  it('inner: have a row where both sides have one, and a tombstone when one of them goes', () => {
    expect(results('inner', story)).toEqual([
      [],
      [['12', 5]],
      [['32', 7]],
      [[null, 9]],
      [['34', 8]],
      [[null, 8]],
      [],
    ]);
  });

  it('left: have a row for each of the left', () => {
    expect(results('left', story)).toEqual([
      [['1-', 5]],
      [['12', 5]],
      [['32', 7]],
      [['3-', 9]],
      [['34', 8]],
      [[null, 8]],
      [],
    ]);
  });

  it('outer: have a row for each of either side', () => {
    expect(results('outer', story)).toEqual([
      [['1-', 5]],
      [['12', 5]],
      [['32', 7]],
      [['3-', 9]],
      [['34', 8]],
      [['-4', 8]],
      [[null, 2]],
    ]);
  });

  it('make no row where the function gives null', () => {
    const positive = (a: number, b: number): number | null => (a + b > 0 ? a + b : null);
    const driver = drive([left.pipe(joinTable(right, positive), to('out'))]);
    send(driver, ['left', 1]);
    expect(send(driver, ['right', 2])).toEqual([['a', 3, 0]]);
    expect(send(driver, ['right', -5])).toEqual([['a', null, 0]]);
  });

  it('stand behind tables only where there is a row for what the table alone has', () => {
    const events = stream('in', { key: text, value: json<number>() });
    const wrong = events as unknown as typeof left;
    expect(failure(() => wrong.pipe(outerJoinTable(right, pair))).code).toBe('MISPLACED_STEP');
  });

  const changes = fc.array(
    fc.tuple(fc.constantFrom('left', 'right'), fc.option(fc.nat(9)), fc.nat(20), fc.constantFrom('a', 'b')),
    { maxLength: 30 },
  );

  test.prop([changes, fc.constantFrom('inner' as const, 'left' as const, 'outer' as const)])(
    'what was emitted last is what the two tables say, and joins read the same',
    (sent, kind) => {
      const joins = { inner: joinTable, left: leftJoinTable, outer: outerJoinTable } as const;
      const joined = left.pipe((joins[kind] as typeof outerJoinTable)(right, pair));
      const probe = stream('probe', { key: text, value: json<number>() });
      const driver = drive([
        joined.pipe(to('out')),
        probe.pipe(leftJoinTable(joined, (_, row) => row), to('found')), // biome-ignore format: one line
      ]);
      const tables = { left: new Map<string, number | null>(), right: new Map<string, number | null>() };
      const emitted = new Map<unknown, unknown>();
      for (const [topic, value, timestamp, key] of sent) {
        tables[topic as 'left' | 'right'].set(key, value);
        driver.send(topic, { key, value, timestamp });
        for (const [emittedKey, row] of taken(driver) as [string, unknown][]) emitted.set(emittedKey, row);
      }
      for (const key of ['a', 'b']) {
        const [l, r] = [tables.left.get(key) ?? null, tables.right.get(key) ?? null];
        const without = {
          inner: l === null || r === null,
          left: l === null,
          outer: l === null && r === null,
        };
        const expected = without[kind] ? null : pair(l, r);
        expect(emitted.get(key) ?? null).toBe(expected);
        driver.send('probe', { key, value: 1 });
        expect(driver.read('found').map(({ value }) => value)).toEqual([expected]);
      }
    },
  );

  it('retract what they emitted, for what counts their rows', () => {
    const kept = left.pipe(joinTable(right, pair), filter((row) => row !== '12'), to('out')); // biome-ignore format: one line
    const driver = drive([kept]);
    send(driver, ['left', 1]);
    expect(send(driver, ['right', 2])).toEqual([]);
    expect(send(driver, ['right', 3])).toEqual([['a', '13', 0]]);
    expect(send(driver, ['right', 2])).toEqual([['a', null, 0]]);
  });
});
