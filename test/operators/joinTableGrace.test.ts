import { fc, test } from '@fast-check/vitest';
import { bytes, joinTable, leftJoinTable, map, nullable, stream, table, text, to } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, type Short, taken } from './feed.ts';

const trades = stream('trades', { key: nullable(text), value: nullable(text) });
const rates = table('rates', { key: text, value: text, versioned: 100 });
const both = (trade: string, rate: string | null): string => `${trade}+${rate}`;
const inner = (grace: number) => trades.pipe(joinTable(rates, both, { grace }), to('out'));
const left = (grace: number) => trades.pipe(leftJoinTable(rates, both, { grace }), to('out'));

describe('joinTable with a grace', () => {
  it('waits for rows that come late, until the stream is so much further', () => {
    const driver = drive([inner(10)]);
    feed(driver, 'trades', [['a', 't', 20]]);
    expect(
      feed(driver, 'rates', [
        ['a', 'r', 15],
        ['b', 'far', 500],
      ]),
    ).toEqual([]);
    expect(feed(driver, 'trades', [['b', 'x', 29]])).toEqual([]);
    feed(driver, 'rates', [['a', 'better', 400]]);
    expect(feed(driver, 'trades', [['b', 'y', 30]])).toEqual([]);
    expect(feed(driver, 'trades', [['a', 'z', 420]])).toEqual([]);
    expect(driver.store('trades.joinTable-waiting')).toHaveLength(1);
  });

  it('joins what has waited since one moment in the order of the keys as they are written', () => {
    const driver = drive([left(10)]);
    feed(driver, 'trades', [['\u{1f600}', 'beyond the BMP', 20], ['\uff5e', 'in it', 20]]); // biome-ignore format: one line
    expect(feed(driver, 'trades', [['a', 'x', 30]]).map((row) => (row as unknown[])[1])).toEqual([
      'in it+null',
      'beyond the BMP+null',
    ]);
  });

  it('joins by time, key and arrival, with the rows as of then, and what is late at once', () => {
    const driver = drive([left(10)]);
    feed(driver, 'rates', [
      ['a', 'r5', 5],
      ['a', 'r12', 12],
    ]);
    const waiting: Short[] = [
      ['b', '1', 20],
      ['a', '2', 11],
      ['a', '3', 20],
      ['ab', '4', 20],
      ['a', '5', 20],
      ['a', '6', 12],
    ];
    expect(feed(driver, 'trades', waiting)).toEqual([]);
    expect(
      feed(driver, 'trades', [
        ['a', 'late', 10],
        ['a', '7', 22],
        ['a', '8', 30],
      ]),
    ).toEqual([
      ['a', 'late+r5', 10],
      ['a', '2+r5', 11],
      ['a', '6+r12', 12],
      ['a', '3+r12', 20],
      ['a', '5+r12', 20],
      ['ab', '4+null', 20],
      ['b', '1+null', 20],
    ]);
    expect(driver.drops).toEqual([]);
  });

  it('joins in-order records at once where the grace is zero', () => {
    const driver = drive([inner(0)]);
    feed(driver, 'rates', [['a', 'r', 5]]);
    expect(
      feed(driver, 'trades', [
        ['a', '1', 7],
        ['a', '2', 6],
        ['a', '3', 7],
      ]),
    ).toEqual([
      ['a', '1+r', 7],
      ['a', '2+r', 6],
      ['a', '3+r', 7],
    ]);
    expect(driver.store('trades.joinTable-waiting')).toEqual([]);
  });

  it('drops records without a key or a value, which move no time; a left join pads those without a key at once', () => {
    const dropping = drive([inner(10)]);
    feed(dropping, 'rates', [['a', 'r', 1]]);
    expect(
      feed(dropping, 'trades', [
        ['a', 't', 5],
        [null, 'x', 90],
        ['a', null, 90],
      ]),
    ).toEqual([]);
    expect(dropping.drops.map(({ reason }) => reason)).toEqual(['null-key', 'null-value']);
    const padding = drive([left(10)]);
    expect(
      feed(padding, 'trades', [
        [null, 'x', 90],
        ['a', 't', 5],
        ['a', 't', 15],
      ]),
    ).toEqual([
      [null, 'x+null', 90],
      ['a', 't+null', 5],
    ]);
  });

  it('keeps headers, keys and values of any kind', () => {
    const named = stream('named', { key: bytes, value: text });
    const blobs = table('blobs', { key: bytes, value: bytes, versioned: '1s' });
    const end = named.pipe(
      map((value) => new Set(value)),
      joinTable(blobs, (letters, blob) => [...letters].join('-') + blob, {
        grace: 10,
        name: 'kept',
        left: {
          name: 'set',
          format: 'text',
          encode: (letters: Set<string>) => [...letters].join(''),
          decode: (letters) => new Set(letters),
        },
      }),
      to('out', { value: text }),
    );
    const driver = drive([end]);
    driver.send('blobs', { key: Buffer.from([7]), value: Buffer.from('!'), timestamp: 0 });
    driver.send('named', {
      key: Buffer.from([7]),
      value: 'xy',
      timestamp: 3,
      headers: [['h', Buffer.from('1')]],
    });
    driver.commit();
    driver.restart();
    expect(driver.store('kept-waiting')).toHaveLength(1);
    driver.send('named', { key: Buffer.from([8]), value: 'z', timestamp: 13 });
    expect(driver.read('out')).toEqual([
      { key: Buffer.from([7]), value: 'x-y!', timestamp: 3, headers: [['h', Buffer.from('1')]] },
    ]);
  });

  it('is refused where the table does not know its past so far back, and behind tables', () => {
    const plain = table('plain', { key: text, value: text });
    const refused = (run: () => unknown): string => failure(run).message;
    expect(refused(() => trades.pipe(joinTable(plain, both, { grace: 1 })))).toContain('without versions');
    expect(refused(() => inner(101))).toContain('a history of 100 ms');
    const described = rates.pipe(map((rate) => `${rate}!`));
    expect(failure(() => trades.pipe(joinTable(described, both, { grace: 101 }))).code).toBe(
      'INVALID_ARGUMENT',
    );
    expect(trades.pipe(joinTable(described, both, { grace: 100 })).node.shape).toBe('stream');
    const counted = rates.pipe(joinTable(plain, both));
    expect(refused(() => trades.pipe(joinTable(counted, both, { grace: 1 })))).toContain(
      'joinTable of a table',
    );
    const untyped = joinTable as (...given: unknown[]) => (input: unknown) => unknown;
    expect(refused(() => untyped(plain, both, { grace: 1 })(plain))).toContain(
      'behind a table has no option',
    );
    expect(refused(() => untyped(rates, both, { grce: 1 })(trades))).toContain("Did you mean 'grace'?");
    expect(failure(() => untyped(rates, both, { grace: 'soon' })(trades)).code).toBe('INVALID_DURATION');
    expect(refused(() => untyped(rates, both, { grace: 1, left: 7 })(trades))).toContain('joinTable()');
  });

  const record = fc.tuple(
    fc.constantFrom('trades', 'trades', 'rates'),
    fc.constantFrom('a', 'ab', 'b'),
    fc.option(fc.constantFrom('x', 'y')),
    fc.integer({ min: 0, max: 200 }),
  );
  test.prop([fc.array(fc.tuple(record, fc.boolean()), { maxLength: 40 }), fc.constantFrom(0, 5, 30)])(
    'joins the same whether it is restarted or not, each record once and those that waited in order of time',
    (steps, grace) => {
      const [whole, restarted] = [drive([left(grace)]), drive([left(grace)])];
      let before = 0;
      for (const [[topic, key, value, timestamp], restarts] of steps) {
        for (const driver of [whole, restarted]) driver.send(topic, { key, value, timestamp });
        const found = taken(whole) as [string, string, number][];
        expect(taken(restarted)).toEqual(found);
        expect(found.map(([, , time]) => time)).toEqual(
          found.map(([, , time]) => time).sort((a, b) => a - b),
        );
        before += found.length;
        if (!restarts) continue;
        restarted.commit();
        restarted.restart();
      }
      const waiting = whole.store('trades.leftJoinTable-waiting').length;
      const joined = steps.filter(([[topic, , value]]) => topic === 'trades' && value !== null).length;
      expect(before + waiting).toBe(joined);
      whole.close();
      restarted.close();
    },
  );
});
