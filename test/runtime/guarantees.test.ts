import { describe, expect, it } from 'vitest';
import { type App, aggregate, count, json, keyBy, stream, text, to } from '../../src/index.ts';
import { seededRandom } from '../kit/seededRandom.ts';
import { type Guarantee, guarantees, type World, world } from './appKit.ts';

interface Order {
  readonly user: string;
  readonly item: string;
}
const orders = stream('orders', { key: text, value: json<Order>() });
/** Each user's orders are numbered: a gap is a lost record, a repeated number a doubled one. */
const numbered = orders.pipe(
  aggregate(
    () => 0,
    (number) => number + 1,
    'numbers',
  ),
  to('numbers'),
);
const items = orders.pipe(
  keyBy((order) => order.item),
  count('items'),
  to('items'),
);
const sinks = [numbered, items];
const codecs = { key: text, value: json<number>() };
const topics = ['orders', 'numbers', 'items'].map((topic) => ({ topic, partitions: 3 }));

async function feed({ client, clock }: World, from: number, to: number): Promise<void> {
  const records = Array.from({ length: to - from }, (_, index) => ({
    key: `user-${(from + index) % 17}`,
    value: { user: '', item: `item-${(from + index) % 5}` },
    timestamp: from + index,
  }));
  await clock.run(client.send('orders', { key: text, value: json<Order>() }, records));
}

async function outputs(run: World): Promise<Map<string, number[]>> {
  const byKey = new Map<string, number[]>();
  for (const { key, value } of [
    ...(await run.read('numbers', codecs)),
    ...(await run.read('items', codecs)),
  ]) {
    byKey.set(key!, [...(byKey.get(key!) ?? []), value!]);
  }
  return byKey;
}

function expected(total: number): Map<string, number> {
  const last = new Map<string, number>();
  for (let index = 0; index < total; index++) {
    for (const key of [`user-${index % 17}`, `item-${index % 5}`]) last.set(key, (last.get(key) ?? 0) + 1);
  }
  return last;
}

const oneToEach = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const crossing = ['orders', 'guarded-items-repartition'];

describe.each(guarantees)('an application that is %s', (guarantee) => {
  it.each([1, 2, 3])('gives every record its one effect with %i instances', async (instances) => {
    const run = await world(topics);
    await feed(run, 0, 500);
    const apps = Array.from({ length: instances }, () => run.instance('guarded', { sinks, guarantee }));
    await run.start(...apps);
    await feed(run, 500, 1000);
    await run.drained('guarded', crossing);
    await run.clock.run(Promise.all(apps.map((one) => one.stop())));
    const found = await outputs(run);
    for (const [key, last] of expected(1000)) expect(found.get(key), key).toEqual(oneToEach(last));
  });

  it.each([1, 2, 3, 4, 5])('loses nothing when instances crash at moments of seed %i', async (seed) => {
    const run = await world(topics);
    const total = await crashing(run, guarantee, seed);
    const found = await outputs(run);
    for (const [key, last] of expected(total)) {
      const values = found.get(key) ?? [];
      if (guarantee === 'exactly-once') expect(values, `${key}, seed ${seed}`).toEqual(oneToEach(last));
      else expect(Math.max(...values), `${key}, seed ${seed}`).toBeGreaterThanOrEqual(last);
    }
  });
});

/** Feeds, crashes and starts instances in turns; gives the number of records fed. */
async function crashing(run: World, guarantee: Guarantee, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const options = { sinks, guarantee, sessionTimeout: '2s', heartbeatInterval: '500ms' } as const;
  const running: App[] = [];
  let fed = 0;
  for (let round = 0; round < 8; round++) {
    const next = fed + 50 + Math.floor(random() * 200);
    await feed(run, fed, next);
    fed = next;
    while (running.length < 2) {
      const one = run.instance('guarded', options);
      running.push(one);
      await run.start(one);
    }
    await run.clock.advance(Math.floor(random() * 400));
    const [victim] = running.splice(Math.floor(random() * running.length), 1);
    await run.clock.run(victim!.crash());
    // The state folder of a process that is gone stays; sometimes the next one has another disk.
    if (random() < 0.3) await run.clock.advance(3_000);
  }
  const last = run.instance('guarded', options);
  await run.start(last);
  await run.drained('guarded', crossing);
  await run.clock.run(Promise.all([...running, last].map((one) => one.stop())));
  return fed;
}
