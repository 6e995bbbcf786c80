import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type AppOptions,
  aggregate,
  bytes,
  count,
  filter,
  json,
  keyBy,
  stream,
  sum,
  text,
  to,
  tumbling,
  window,
} from '../../src/index.ts';
import { guarantees, type World, world } from './appKit.ts';

type Sinks = AppOptions['sinks'];

const codecs = { key: text, value: json<number>() };
const numbers = stream('in', codecs);
const topics = ['in', 'other', 'out'].map((topic) => ({ topic, partitions: 1 }));
const counted = numbers.pipe(count('c'));
const windowed = (size: '10s' | '20s') => numbers.pipe(window(tumbling(size)), count('c'));
const before: Sinks = [counted.pipe(to('out'))];

async function ran(run: World, sinks: Sinks, guarantee: (typeof guarantees)[number]): Promise<void> {
  const one = run.instance('shop', { sinks, guarantee });
  try {
    await run.start(one);
    for (const topic of ['in', 'other']) {
      await run.clock.run(run.client.send(topic, codecs, [{ key: 'a', value: 1, timestamp: 5 }]));
    }
    await run.clock.advance(3_000);
  } finally {
    await run.clock.run(one.stop().catch(() => undefined));
  }
}

/** What the count of key a comes to after two runs, or the names in the error that refuses the second. */
const compatible: readonly (readonly [change: string, old: Sinks, changed: Sinks])[] = [
  [
    'a step without state comes in',
    before,
    [
      numbers.pipe(
        filter(() => true),
        count('c'),
        to('out'),
      ),
    ],
  ],
  [
    'a step without state goes',
    [
      numbers.pipe(
        filter(() => true),
        count('c'),
        to('out'),
      ),
    ],
    before,
  ],
  ['a store comes in', before, [...before, numbers.pipe(sum((value: number) => value, 'more'))]],
  ['a store goes', [...before, numbers.pipe(sum((value: number) => value, 'more'))], before],
  [
    'a sub-topology comes in',
    before,
    [
      ...before,
      numbers.pipe(
        keyBy(() => 'k'),
        count('far'),
      ),
    ],
  ],
  ['a source comes in', before, [...before, stream('other', codecs).pipe(count('another'))]],
];

const refused: readonly (readonly [change: string, old: Sinks, changed: Sinks, said: RegExp])[] = [
  [
    'the codec of keys changes',
    before,
    [stream('in', { key: bytes, value: json<number>() }).pipe(count('c'))],
    /key bytes.*key text/s,
  ],
  [
    'the codec of values changes',
    [
      numbers.pipe(
        aggregate(
          () => 'x',
          () => 'x',
          { name: 'c', value: text },
        ),
      ),
    ],
    [
      numbers.pipe(
        aggregate(
          () => 'x',
          () => 'x',
          { name: 'c', value: json<string>() },
        ),
      ),
    ],
    /value json.*value text/s,
  ],
  ['a count becomes one by window', before, [windowed('10s')], /policy=compact,delete.*policy=compact\b/s],
  [
    'a count by window becomes one over all',
    [windowed('10s')],
    before,
    /policy=compact\b.*policy=compact,delete/s,
  ],
  ['windows get another size', [windowed('10s')], [windowed('20s')], /20000 ms.*10000 ms/s],
  [
    'the application is another one, with a store of the same name',
    before,
    [stream('other', codecs).pipe(count('c'))],
    /other.*\bin\b/s,
  ],
];

describe.each(guarantees)('a topology that has changed, %s', (guarantee) => {
  it.each(compatible)('F10: goes on with its state when %s', async (_, old, changed) => {
    const run = await world(topics);
    await ran(run, old, guarantee);
    await ran(run, changed, guarantee);
    expect((await run.read('out', codecs)).map(({ value }) => value)).toEqual([1, 2]);
  });

  describe.each(['on its folder', 'on a new disk'])('%s', (where) => {
    it.each(refused)('F10, F36: is refused when %s, and says what differs', async (_, old, changed, said) => {
      const run = await world(topics);
      await ran(run, old, guarantee);
      if (where === 'on a new disk') rmSync(run.stateDir, { recursive: true, force: true });
      const error = await ran(run, changed, guarantee).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        code: expect.stringMatching(/STATE_INCOMPATIBLE|INTERNAL_TOPIC_MISMATCH/),
      });
      expect(String(error)).toMatch(said);
      // Nothing was harmed: the old one goes on.
      await ran(run, old, guarantee);
    });
  });
});
