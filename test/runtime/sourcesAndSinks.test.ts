import { describe, expect, it } from 'vitest';
import {
  type App,
  type AppOptions,
  count,
  type Drop,
  int64,
  joinForeignKey,
  json,
  keyBy,
  map,
  process,
  stream,
  table,
  text,
  to,
} from '../../src/index.ts';
import { type World, world } from './appKit.ts';

const codecs = { key: text, value: int64 };
const texts = { key: text, value: text };
const topics = [
  { topic: 'eu', partitions: 2 },
  { topic: 'us', partitions: 1 },
  { topic: 'out', partitions: 3 },
  { topic: 'dead', partitions: 1 },
];

async function sent(run: World, topic: string, rows: readonly (readonly [string, number, number])[]) {
  const records = rows.map(([key, value, timestamp]) => ({ key, value, timestamp }));
  await run.clock.run(run.client.send(topic, codecs, records));
}

/** Runs to the end of the topics; gives what was dropped. */
async function ran(run: World, sinks: AppOptions['sinks'], read: readonly string[], id = 'shop') {
  const drops: Drop[] = [];
  const one: App = run.instance(id, { sinks });
  one.drops.subscribe((drop) => drops.push(drop));
  await run.start(one);
  await run.drained(id, read);
  await run.clock.run(one.stop());
  return drops;
}

describe('stream, of several topics', () => {
  it('reads all of them, whatever their partitions, and counts by key across them', async () => {
    const run = await world(topics);
    await sent(run, 'eu', [
      ['a', 1, 1],
      ['b', 1, 2],
      ['c', 1, 3],
    ]);
    await sent(run, 'us', [['a', 1, 4]]);
    const both = stream(['eu', 'us'], codecs).pipe(
      keyBy((_, { key }) => key),
      count({ name: 'sums', value: int64 }),
      to('out'),
    );
    await ran(run, [both], ['eu', 'us', 'shop-sums-repartition']);
    const last = new Map((await run.read('out', codecs)).map(({ key, value }) => [key, value]));
    expect(Object.fromEntries(last)).toEqual({ a: 2, b: 1, c: 1 });
  });
});

describe('stream, where it begins', () => {
  it('begins with the first record that is not older than asked, and then goes on where it was', async () => {
    const run = await world(topics);
    const now = run.clock.now();
    await sent(run, 'us', [
      ['old', 1, now - 7_200_000],
      ['young', 2, now - 1_800_000],
      ['late', 3, now - 7_200_000],
    ]);
    const copy = stream('us', { ...codecs, reset: { ago: '1h' } }).pipe(to('out'));
    await ran(run, [copy], ['us']);
    const keys = async () => new Set((await run.read('out', codecs)).map(({ key }) => key));
    expect(await keys()).toEqual(new Set(['young', 'late']));
    await run.clock.advance(7_200_000);
    await sent(run, 'us', [['new', 4, now]]);
    await ran(run, [copy], ['us']);
    expect(await keys()).toEqual(new Set(['young', 'late', 'new']));
    expect((await run.read('out', codecs)).length).toBe(3);
  });
});

describe('stream, when it is', () => {
  it('is told the largest time of the partition before the record, and after a restart that of the task', async () => {
    const run = await world(topics);
    const told: number[] = [];
    const repaired = stream('us', {
      ...codecs,
      timestamp: (_, { timestamp }, partitionTime) => {
        told.push(partitionTime);
        return timestamp === 0 ? partitionTime : timestamp;
      },
    }).pipe(to('out'));
    await sent(run, 'us', [
      ['a', 1, 50],
      ['b', 2, 0],
      ['c', 3, 40],
      ['d', 4, 0],
    ]);
    await ran(run, [repaired], ['us']);
    expect(told).toEqual([-1, 50, 50, 50]);
    await sent(run, 'us', [['e', 5, 0]]);
    await ran(run, [repaired], ['us']);
    expect(told.slice(4)).toEqual([50]);
    const times = (await run.read('out', codecs)).map(({ key, timestamp }) => `${key}@${timestamp}`);
    expect(times.toSorted()).toEqual(['a@50', 'b@50', 'c@40', 'd@50', 'e@50']);
  });
});

describe('stream, when records fail', () => {
  it('lets a function say what becomes of each, by its error', async () => {
    const run = await world(topics);
    await run.clock.run(
      run.client.send('us', texts, [
        { key: 'a', value: '{', timestamp: 1 },
        { key: 'b', value: '1', timestamp: 2 },
        { key: 'c', value: '13', timestamp: 3 },
        { key: 'd', value: '2', timestamp: 4 },
      ]),
    );
    const asked: string[] = [];
    const copy = stream('us', {
      key: text,
      value: json<number>(),
      onError: ({ code, details }) => {
        asked.push(`${code}@${details.offset}`);
        return code === 'DECODE_FAILED' ? 'skip' : { deadLetters: 'dead' };
      },
    }).pipe(
      map((value, { key }) => {
        if (key === 'c') throw new Error('unlucky');
        return value;
      }),
      to('out'),
    );
    const drops = await ran(run, [copy], ['us']);
    expect(new Set(asked)).toEqual(new Set(['DECODE_FAILED@0', 'STEP_FAILED@2']));
    expect(new Set((await run.read('out', texts)).map(({ key }) => key))).toEqual(new Set(['b', 'd']));
    expect(await run.read('dead', texts)).toMatchObject([{ key: 'c', value: '13' }]);
    expect(drops.map(({ reason }) => reason)).toContain('undecodable');
  });

  it.each<[string, () => never]>([
    ['says nothing', () => undefined as never],
    [
      'fails itself',
      () => {
        throw new Error('no idea');
      },
    ],
  ])('ends with the record and its error where the function %s', async (_, onError) => {
    const run = await world(topics);
    await run.clock.run(run.client.send('us', texts, [{ key: 'a', value: '1', timestamp: 1 }]));
    const one = run.instance('shop', { sinks: [stream('us', { ...codecs, onError }).pipe(to('out'))] });
    const ended = one.closed.catch((error: unknown) => error);
    await run.clock.run(one.start().catch(() => {}));
    expect(await run.clock.run(ended)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { topic: 'us', offset: 0, cause: { code: 'DECODE_FAILED' } },
    });
  });
});

describe('to, into several partitions', () => {
  it('writes a record to each that is named, to that of its key, or to none', async () => {
    const run = await world(topics);
    await sent(run, 'us', [
      ['all', -1, 1],
      ['none', -2, 2],
      ['own', -3, 3],
      ['one', 2, 4],
      ['twice', -4, 5],
    ]);
    const spread = stream('us', codecs).pipe(
      to('out', {
        partition: (value, _, partitions) => {
          if (value === -1) return Array.from({ length: partitions }, (_, partition) => partition);
          if (value === -2) return [];
          if (value === -4) return [1, 1];
          return value === -3 ? undefined : value;
        },
      }),
    );
    const drops = await ran(run, [spread], ['us']);
    const found = (await run.read('out', codecs)).map(({ key, partition }) => `${key}@${partition}`);
    const own = found.find((place) => place.startsWith('own'))!;
    expect(new Set(found)).toEqual(new Set(['all@0', 'all@1', 'all@2', own, 'one@2', 'twice@1']));
    expect(found).toHaveLength(6);
    expect(drops).toMatchObject([{ reason: 'no-partition', step: 'us.to', offset: 1 }]);
  });
});

describe('joinForeignKey, where the right table is partitioned otherwise', () => {
  it('asks where the row is', async () => {
    const run = await world([
      ...topics,
      { topic: 'users', partitions: 3 },
      { topic: 'asked', partitions: 1 },
    ]);
    const place = (key: string) => Number(key.slice(1)) % 3;
    await run.clock.run(
      run.client.send(
        'asked',
        texts,
        Array.from({ length: 9 }, (_, i) => ({ key: `u${i}`, value: `user ${i}`, timestamp: 1 })),
      ),
    );
    const placed = stream('asked', texts).pipe(to('users', { partition: (_, { key }) => place(key) }));
    await ran(run, [placed], ['asked'], 'placing');
    await sent(
      run,
      'eu',
      Array.from({ length: 9 }, (_, i) => [`o${i}`, i, 2] as const),
    );
    const joined = table('eu', codecs).pipe(
      joinForeignKey(
        table('users', texts),
        (row) => `u${row}`,
        (row, user) => `${row} ${user}`,
        {
          name: 'named',
          value: text,
          partitioner: place,
        },
      ),
      to('out'),
    );
    const crossing = ['shop-named-repartition', 'shop-named-subscriptions-repartition'];
    await ran(run, [joined], ['eu', 'users', ...crossing]);
    const rows = new Map((await run.read('out', texts)).map(({ key, value }) => [key, value]));
    expect([...rows.values()].sort()).toEqual(Array.from({ length: 9 }, (_, i) => `${i} user ${i}`));
  });
});

describe('process, by stream time, without a store', () => {
  it('goes on after a restart where it was', async () => {
    const run = await world(topics);
    const ticks = stream('us', codecs).pipe(
      process({}, ({ every, emit }) => {
        every(100, 'streamTime', (timestamp) => emit({ key: 'tick', value: timestamp }));
        return () => {};
      }),
      to('out'),
    );
    const fired = async () => (await run.read('out', codecs)).map(({ value }) => value);
    await sent(run, 'us', [['a', 1, 250]]);
    await ran(run, [ticks], ['us']);
    expect(await fired()).toEqual([250]);
    await sent(run, 'us', [
      ['a', 1, 20],
      ['a', 1, 280],
    ]);
    await ran(run, [ticks], ['us']);
    expect(await fired()).toEqual([250]);
    await sent(run, 'us', [['a', 1, 310]]);
    await ran(run, [ticks], ['us']);
    expect(await fired()).toEqual([250, 310]);
  });
});

describe('process, with timers of keys, over instances that crash', () => {
  it('fires each once for good, where its key is', async () => {
    const run = await world([{ topic: 'in', partitions: 3 }, ...topics]);
    const alarms = stream('in', codecs).pipe(
      process({ timers: { alarm: 'wallClock' } }, ({ timers: { alarm }, emit }) => {
        alarm.onDue((_, due) => emit({ value: due }));
        return ({ key, value }) => alarm.set(key, value);
      }),
      to('out'),
    );
    const options = { sinks: [alarms], sessionTimeout: '2s', heartbeatInterval: '500ms' } as const;
    const first = run.instance('shop', options);
    const second = run.instance('shop', options);
    await run.start(first, second);
    const start = run.clock.now();
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    await sent(
      run,
      'in',
      keys.map((key, i) => [key, start + 5_000 + 1_000 * i, 1] as const),
    );
    await run.drained('shop', ['in']);
    await run.clock.advance(12_000);
    await run.clock.run(first.crash());
    await run.clock.advance(30_000);
    await run.clock.run(second.stop());
    const fired = (await run.read('out', codecs)).map(({ key, value }) => `${key}@${value! - start}`);
    expect(fired.toSorted()).toEqual(keys.map((key, i) => `${key}@${5_000 + 1_000 * i}`).toSorted());
  });
});
