import { describe, expect, it } from 'vitest';
import type { App } from '../../src/index.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import {
  brokenGuarantee,
  guardedJob,
  numberCodecs,
  numbersByKey,
  orderCodecs,
  ordersFrom,
} from '../kit/guardedJob.ts';
import { type Guarantee, guarantees, type World, world } from './appKit.ts';

const { sinks, topics, orders, numbers, items, crossing } = guardedJob();

async function feed({ client, clock }: World, from: number, to: number): Promise<void> {
  await clock.run(client.send(orders, orderCodecs, ordersFrom(from, to)));
}

async function outputs(run: World): Promise<Map<string, number[]>> {
  return numbersByKey([...(await run.read(numbers, numberCodecs)), ...(await run.read(items, numberCodecs))]);
}

describe.each(guarantees)('an application that is %s', (guarantee) => {
  it.each([1, 2, 3])('gives every record its one effect with %i instances', async (instances) => {
    const run = await world(topics);
    await feed(run, 0, 500);
    const apps = Array.from({ length: instances }, () => run.instance('guarded', { sinks, guarantee }));
    await run.start(...apps);
    await feed(run, 500, 1000);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.run(Promise.all(apps.map((one) => one.stop())));
    expect(brokenGuarantee('exactly-once', 1000, await outputs(run))).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])('loses nothing when instances crash at moments of seed %i', async (seed) => {
    const run = await world(topics);
    const total = await crashing(run, guarantee, seed);
    expect(brokenGuarantee(guarantee, total, await outputs(run)), `seed ${seed}`).toEqual([]);
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
  await run.drained('guarded', crossing('guarded'));
  await run.clock.run(Promise.all([...running, last].map((one) => one.stop())));
  return fed;
}
