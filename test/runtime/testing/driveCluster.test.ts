import { describe, expect, it } from 'vitest';
import {
  count,
  globalTable,
  joinGlobal,
  json,
  keyBy,
  map,
  stream,
  sum,
  text,
  to,
  tumbling,
  window,
} from '../../../src/index.ts';
import { type Chaos, type Cluster, drive, driveCluster } from '../../../src/runtime/testing/index.ts';
import { guarantees } from '../appKit.ts';

const codecs = { key: text, value: json<number>() };
const numbers = stream('numbers', codecs);
const sums = numbers.pipe(sum((value) => value, 'sums'));
const regrouped = numbers.pipe(
  keyBy((value): string => (value % 2 === 0 ? 'even' : 'odd')),
  count('parities'),
);
const sinks = [sums.pipe(to('sums')), regrouped.pipe(to('parities'))];

const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    key: keys[(from + index) % keys.length]!,
    value: from + index,
    timestamp: from + index,
  }));

/** By key, what came, in order. */
function byKey(
  found: readonly { readonly key: unknown; readonly value: unknown }[],
): Record<string, unknown[]> {
  const groups = Map.groupBy(found, ({ key }) => String(key));
  return Object.fromEntries([...groups].map(([key, of]) => [key, of.map(({ value }) => value)]));
}

const sequences = async (cluster: Cluster, topic: string) => byKey(await cluster.read(topic));

/** What one partition without any trouble makes of the same. */
function undisturbed(upTo: number): Record<string, unknown[]> {
  const driver = drive(sinks);
  for (const record of records(0, upTo)) driver.send('numbers', record);
  return byKey(driver.read('sums'));
}

describe('driveCluster', () => {
  it('runs several instances on several partitions, each key in its order', async () => {
    await using cluster = await driveCluster(sinks, { partitions: 3, instances: 2 });
    expect(cluster.instances.map(({ name, state }) => [name, state])).toEqual([
      ['instance-1', 'running'],
      ['instance-2', 'running'],
    ]);
    await cluster.send('numbers', records(0, 50));
    await cluster.settle();
    const found = await cluster.read('sums');
    expect(new Set(found.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    await cluster.send('numbers', records(50, 60));
    await cluster.settle();
    const later = await cluster.read('sums');
    expect(later).toHaveLength(10);
    expect(byKey([...found, ...later])).toEqual(undisturbed(60));
    expect(await sequences(cluster, 'parities')).toEqual({
      even: Array.from({ length: 30 }, (_, index) => index + 1),
      odd: Array.from({ length: 30 }, (_, index) => index + 1),
    });
  });

  it('is the same with the same seed, and takes other turns with another', async () => {
    const run = async (seed: number) => {
      await using cluster = await driveCluster(sinks, { seed, chaos: { crash: 0.02, slow: 0.05 } });
      for (let from = 0; from < 60; from += 10) {
        await cluster.send('numbers', records(from, from + 10));
        await cluster.advance(200);
      }
      await cluster.settle();
      return [await cluster.read('parities'), cluster.instances.map(({ name }) => name)] as const;
    };
    const [first, again] = [await run(3), await run(3)];
    expect(again).toEqual(first);
    const others = [await run(4), await run(5), await run(6)];
    expect(others.some(([, names]) => String(names) !== String(first[1]))).toBe(true);
  });

  it.each(guarantees)('loses nothing when an instance is killed at any call, %s', async (guarantee) => {
    for (const fault of ['crash-before', 'crash-after'] as const) {
      for (let nth = 1; nth <= 40; nth += 3) {
        await using cluster = await driveCluster(sinks, { guarantee });
        cluster.inject({ nth, fault });
        await cluster.send('numbers', records(0, 20));
        await cluster.settle();
        const found = await sequences(cluster, 'sums');
        const wanted = undisturbed(20);
        if (guarantee === 'exactly-once') expect(found, `${fault} ${nth}`).toEqual(wanted);
        else for (const key of keys) expect(found[key]!.at(-1), `${fault} ${nth}`).toBe(wanted[key]!.at(-1));
      }
    }
  });

  it('kills the instance whose commit has taken effect before its database knows, and nothing is done twice', async () => {
    await using cluster = await driveCluster(sinks, { state: 'sqlite' });
    cluster.inject({ api: 'endTxn', fault: 'crash-after' });
    await cluster.send('numbers', records(0, 20));
    await cluster.settle();
    expect(cluster.instances.map(({ name }) => name)).toHaveLength(2);
    expect(cluster.instances.map(({ name }) => name)).toContain('instance-3');
    expect(await sequences(cluster, 'sums')).toEqual(undisturbed(20));
  });

  const troubles: readonly [string, Chaos][] = [
    ['crashes', { crash: 0.02 }],
    ['rebalances', { rebalance: 0.02 }],
    ['a broker that refuses', { refuse: 0.05 }],
    ['a network that loses', { lose: 0.01 }],
    ['a slow broker', { slow: 0.1 }],
    ['instances that stand still', { pause: 0.01 }],
    ['all of it', { crash: 0.01, rebalance: 0.01, refuse: 0.02, lose: 0.005, slow: 0.03, pause: 0.005 }],
  ];
  it.each(troubles)('keeps exactly-once through %s', async (_, chaos) => {
    for (let seed = 1; seed <= 3; seed++) {
      await using cluster = await driveCluster(sinks, { seed, chaos });
      for (let from = 0; from < 100; from += 20) {
        await cluster.send('numbers', records(from, from + 20));
        await cluster.advance(1_000);
      }
      await cluster.settle();
      expect(await sequences(cluster, 'sums'), `seed ${seed}`).toEqual(undisturbed(100));
    }
  });

  it('shows the rows of a store over all partitions, of a global table once', async () => {
    const names = globalTable('names', { key: text, value: text, name: 'names' });
    const greeted = numbers.pipe(
      joinGlobal(
        names,
        (_, message) => message.key,
        (value, name) => `${name} ${value}`,
      ),
      to('greeted', { value: text }),
    );
    await using cluster = await driveCluster([sums.pipe(to('sums')), greeted]);
    await cluster.send('names', { key: 'a', value: 'Ada' });
    await cluster.settle();
    await cluster.send('numbers', records(0, 14));
    await cluster.settle();
    expect(cluster.store('sums')).toHaveLength(7);
    expect(new Map(cluster.store('sums')).get('a')).toEqual({ value: 7, timestamp: 7 });
    expect(cluster.store('names')).toEqual([['a', { value: 'Ada', timestamp: 0 }]]);
    expect((await cluster.read('greeted')).map(({ value }) => value)).toEqual(['Ada 0', 'Ada 7']);
    expect(() => cluster.store('sum')).toThrow('There is no store sum');
  });

  it('throws the error of a step where the test waits, once', async () => {
    const failing = numbers.pipe(
      map((value) => {
        if (value === 3) throw new Error('three');
        return value;
      }),
      to('out'),
    );
    const cluster = await driveCluster([failing]);
    await cluster.send('numbers', records(0, 5));
    await expect(cluster.settle()).rejects.toMatchObject({ code: 'STEP_FAILED' });
    await cluster.close();
  });

  it('says when nobody runs, and when time is not enough', async () => {
    await using cluster = await driveCluster(sinks, { instances: 1 });
    await cluster.send('numbers', records(0, 5));
    await expect(cluster.settle(0)).rejects.toMatchObject({ code: 'NOT_SETTLED' });
    await cluster.crash();
    await cluster.send('numbers', records(5, 6));
    await expect(cluster.settle()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await cluster.start();
    await cluster.settle();
    expect(await sequences(cluster, 'sums')).toEqual(undisturbed(6));
  });

  it('refuses options and topics that are not there', async () => {
    await expect(driveCluster(sinks, { partition: 2 } as object)).rejects.toThrow('partitions');
    await using cluster = await driveCluster(sinks);
    await expect(cluster.send('number', records(0, 1))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
    await expect(cluster.read('sun')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });

  it('keeps dead letters and topics chosen per record', async () => {
    const picky = stream('numbers', { ...codecs, onError: { deadLetters: 'dead' } });
    const chosen = picky.pipe(to((value) => (value < 10 ? 'small' : 'large')));
    await using cluster = await driveCluster([chosen], { topics: { small: 1, large: 2 } });
    await cluster.send('numbers', records(8, 12));
    await cluster.sendRaw('numbers', { key: 'a', value: '{oops' });
    await cluster.settle();
    expect((await cluster.read('small')).map(({ value }) => value).sort()).toEqual([8, 9]);
    expect((await cluster.read('dead')).map(({ value }) => String(value))).toEqual(['{oops']);
    expect(cluster.drops).toMatchObject([{ reason: 'undecodable' }]);
  });

  it('gives a snapshot that is the same however many partitions, instances and crashes there were', async () => {
    const late = numbers.pipe(window(tumbling('10ms')), count('windows'), to('windows'));
    const perKey = [...sinks, late];
    const run = async (options: Parameters<typeof driveCluster>[1], disturb: boolean) => {
      await using cluster = await driveCluster(perKey, options);
      await cluster.send(
        'numbers',
        records(0, 30).map((record) => ({ ...record, timestamp: 5 })),
      );
      if (disturb) await cluster.crash();
      await cluster.settle();
      return cluster.snapshot();
    };
    const calm = await run({ partitions: 1, instances: 1 }, false);
    const wild = await run({ partitions: 4, instances: 3, seed: 9 }, true);
    expect(wild.stores).toEqual(calm.stores);
    expect(wild.outputs['sums']).toEqual(calm.outputs['sums']);
    expect(calm.outputs['windows']!.slice(0, 2)).toEqual(["'a' in 0..10 = 1 at 5", "'a' in 0..10 = 2 at 5"]);
  });
});
