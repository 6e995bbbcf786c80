import { fc, test } from '@fast-check/vitest';
import { joinStream, keyBy, leftJoinStream, nullable, outerJoinStream, stream, text, to } from 'millrace';
import { type Driver, drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { taken } from './feed.ts';

const left = stream('left', { key: nullable(text), value: nullable(text) });
const right = stream('right', { key: nullable(text), value: nullable(text) });
const pair = (a: string | null, b: string | null): string => `${a ?? '-'}${b ?? '-'}`;

type Sent = readonly [topic: string, value: string | null, timestamp: number, key?: string | null];

function send(driver: Driver, sent: readonly Sent[]): unknown[] {
  for (const [topic, value, timestamp, key = 'k'] of sent) driver.send(topic, { key, value, timestamp });
  return taken(driver).map((record) => (record as unknown[]).slice(1));
}

const inner = left.pipe(joinStream(right, pair, { before: 5, after: 10, grace: 20 }), to('out'));
const outer = left.pipe(outerJoinStream(right, pair, { before: 5, after: 10 }), to('out'));

describe('joinStream', () => {
  it('pairs records that are as far apart as it says, both ends included, in order of their times', () => {
    const driver = drive([inner]);
    const rights = [94, 95, 110, 111, 100].map((at): Sent => ['right', `${at}`, at]);
    send(driver, rights);
    expect(send(driver, [['left', 'L', 100]])).toEqual([
      ['L95', 100],
      ['L100', 100],
      ['L110', 110],
    ]);
  });

  it('keeps all records of one moment, in the order they came', () => {
    const driver = drive([inner]);
    send(driver, [['right', 'x', 7], ['right', 'y', 7], ['right', 'x', 7]]); // biome-ignore format: one line
    expect(send(driver, [['left', 'L', 7]])).toEqual([
      ['Lx', 7],
      ['Ly', 7],
      ['Lx', 7],
    ]);
  });

  it('joins at the very same moment where the window has no width', () => {
    const driver = drive([left.pipe(joinStream(right, pair, { within: 0 }), to('out'))]);
    expect(send(driver, [['left', 'L', 7], ['right', 'R', 7], ['right', 'S', 8]])).toEqual([['LR', 7]]); // biome-ignore format: one line
  });

  it('drops records without key or value, which move stream time all the same', () => {
    const driver = drive([inner]);
    send(driver, [['left', null, 1], ['right', 'R', 1, null]]); // biome-ignore format: one line
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-value', 'null-key']);
  });

  it('refuses options that leave open how far apart, negative windows and what is no stream', () => {
    const joined = (options: unknown): string =>
      failure(() => left.pipe(joinStream(right, pair, options as { within: 1 }))).code;
    expect(joined(undefined)).toBe('INVALID_ARGUMENT');
    expect(joined({})).toBe('INVALID_ARGUMENT');
    expect(joined({ within: 1, before: 1 })).toBe('INVALID_ARGUMENT');
    expect(joined({ before: -2, after: 1 })).toBe('INVALID_ARGUMENT');
    expect(joined({ within: -1 })).toBe('INVALID_DURATION');
    expect(joined({ whithin: 1 })).toBe('INVALID_ARGUMENT');
    expect(failure(() => left.pipe(joinStream({} as never, pair, { within: 1 }))).code).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('is repartitioned where a key was changed', () => {
    const keyed = stream('keyed', { key: text, value: text });
    const rekeyed = left.pipe(keyBy((value) => value ?? '', text), joinStream(keyed, pair, { within: 1 }), to('out')); // biome-ignore format: one line
    expect(topology([rekeyed]).repartitions).toHaveLength(1);
  });

  it('needs little of what weeks of event time bring', () => {
    const driver = drive([left.pipe(joinStream(right, pair, { within: '1h' }, ), to('out'))]); // biome-ignore format: one line
    const hour = 3_600_000;
    for (let at = 0; at < 28 * 24 * hour; at += hour / 2) send(driver, [['left', 'L', at], ['right', 'R', at]]); // biome-ignore format: one line
    driver.commit();
    const name = topology([left.pipe(joinStream(right, pair, { within: '1h' }), to('out'))]).subtopologies[0]!
      .stores[0]!.name;
    expect(driver.store(name).length).toBeLessThan(6);
  });
});

describe('leftJoinStream', () => {
  it('joins a record of the left with null when no partner can come any more, before what moved the time', () => {
    const end = left.pipe(leftJoinStream(right, pair, { before: 5, after: 10, grace: 2 }), to('out'));
    const driver = drive([end]);
    expect(send(driver, [['left', 'L', 100], ['right', 'R', 112, 'other']])).toEqual([]); // biome-ignore format: one line
    expect(send(driver, [['left', 'M', 113, null]])).toEqual([['M-', 113]]);
    expect(send(driver, [['left', 'N', 113]])).toEqual([['L-', 100]]);
  });
});

describe('outerJoinStream', () => {
  it('emits what has waited since one moment in the order of the keys as they are written', () => {
    const driver = drive([outer]);
    send(driver, [['left', 'beyond the BMP', 100, '\u{1f600}'], ['left', 'in it', 100, '\uff5e']]); // biome-ignore format: one line
    expect(send(driver, [['left', 'M', 111]])).toEqual([['in it-', 100], ['beyond the BMP-', 100]]); // biome-ignore format: one line
  });

  it('joins with null on either side, the right one first at equal times', () => {
    const driver = drive([outer]);
    expect(send(driver, [['left', 'L', 100, 'a'], ['right', 'R', 100, 'b'], ['left', 'M', 111, 'c']])).toEqual([['-R', 100], ['L-', 100]]); // biome-ignore format: one line
  });

  const records = fc.array(
    fc.tuple(
      fc.constantFrom('left', 'right'),
      fc.constantFrom('x', 'y', null),
      fc.nat(60),
      fc.constantFrom('k', 'l', null),
    ),
    { maxLength: 30 },
  );
  const ends = {
    inner,
    left: left.pipe(leftJoinStream(right, pair, { before: 3, after: 6, grace: 4 }), to('out')),
    outer,
  };

  test.prop([records, fc.constantFrom('inner' as const, 'left' as const, 'outer' as const)])(
    'emits the same whether it is restarted after every record or never',
    (sent, kind) => {
      const steady = drive([ends[kind]]);
      const shaken = drive([ends[kind]]);
      for (const record of sent) {
        expect(send(shaken, [record])).toEqual(send(steady, [record]));
        shaken.commit();
        shaken.restart();
      }
    },
  );

  test.prop([fc.array(fc.tuple(fc.constantFrom('left', 'right'), fc.nat(200)), { maxLength: 30 })])(
    'gives each record in order a partner or null, never both and never neither',
    (sent) => {
      const inOrder = [...sent].sort((a, b) => a[1] - b[1]);
      const driver = drive([outer]);
      const named = inOrder.map(([side, at], index): Sent => [side, `${side[0]}${index};`, at]);
      const values = send(driver, [...named, ['left', 'end', 10_000]]).map((row) => (row as [string])[0]);
      for (const [side, value, at] of named) {
        const partners = named.filter(([other, , t]) => {
          const [l, r] = side === 'left' ? [at, t] : [t, at];
          return other !== side && r >= l - 5 && r <= l + 10;
        });
        const found = values.filter((pairOf) => pairOf.includes(value!));
        const alone = side === 'left' ? `${value}-` : `-${value}`;
        expect(found.length).toBe(Math.max(1, partners.length));
        expect(found.includes(alone)).toBe(partners.length === 0);
      }
    },
  );
});
