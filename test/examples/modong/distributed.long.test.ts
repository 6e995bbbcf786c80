import { describe, expect, it } from 'vitest';
import { expected } from '../../../examples/modong/demo/expected.ts';
import { generate } from '../../../examples/modong/demo/generator.ts';
import { differences, dongDayKey, type Outcome } from '../../../examples/modong/demo/outcome.ts';
import type { Event } from '../../../examples/modong/demo/script.ts';
import type { ChatRoom, DongDay, LateOrder, Reject } from '../../../examples/modong/domain/results.ts';
import { modong } from '../../../examples/modong/job.ts';
import { dongDay, newTopics, topicNames } from '../../../examples/modong/topics.ts';
import { type App, json, text } from '../../../src/index.ts';
import { seededRandom } from '../../../src/runtime/testing/seededRandom.ts';
import { type World, world } from '../../runtime/appKit.ts';

/** The rows of bad and edge inputs that take several partitions and instances, crashes and rebalances. */

const topics = topicNames('');
const grace = 8_000;
const pace = { span: 20_000, grace, base: Date.UTC(2026, 2, 1) - 9 * 3_600_000 };
const options = {
  sinks: modong({ grace }),
  sessionTimeout: '2s',
  heartbeatInterval: '500ms',
} as const;
const raw = { key: text, value: text };

/** Sends events as their time comes; `meanwhile` is called with the time in between. */
async function play(
  run: World,
  events: readonly Event[],
  meanwhile: (at: number) => Promise<void>,
): Promise<void> {
  const step = 500;
  const last = events.at(-1)!.at;
  for (let from = 0; from <= last; from += step) {
    const now = events.filter(({ at }) => at >= from && at < from + step);
    for (const topic of ['users', 'boards', 'orders', 'closes'] as const) {
      const records = now.filter((event) => event.topic === topic);
      await run.clock.run(run.client.send(topics[topic], raw, records));
    }
    await meanwhile(from);
    await run.clock.advance(step);
  }
  await run.clock.advance(grace * 2);
}

async function outcome(run: World): Promise<Outcome> {
  const values = async <T>(topic: string): Promise<T[]> => {
    const records = await run.read(topic, { key: text, value: json<T>() });
    return records.map(({ value }) => value!);
  };
  const days = await run.read(topics.dongDaily, { key: dongDay, value: json<DongDay>() });
  return {
    rooms: await values<ChatRoom>(topics.rooms),
    lateOrders: await values<LateOrder>(topics.lateOrders),
    rejects: await values<Reject>(topics.rejects),
    deadCloses: (await run.read(topics.deadCloses, raw)).length,
    deadOrders: (await run.read(topics.deadOrders, raw)).length,
    dongDaily: new Map(days.map(({ key, value }) => [dongDayKey(key!.key, key!.start), value!])),
  };
}

const stop = (run: World, apps: readonly App[]): Promise<unknown> =>
  run.clock.run(Promise.all(apps.map((one) => one.stop())));

describe('crash after delete, before send; crash after chat send, before offset', () => {
  it.each([1, 2])(
    'gives each room once, with everybody in it, when workers die at moments of seed %i',
    async (seed) => {
      const run = await world(newTopics('', 3));
      const events = generate(seed, pace, 30);
      const random = seededRandom(seed);
      const workers: App[] = [];
      const join = async (): Promise<void> => {
        const one = run.instance('modong', options);
        workers.push(one);
        await run.start(one);
      };
      await join();
      await join();
      let nextDeath = 2_000 + random() * 4_000;
      await play(run, events, async (at) => {
        if (at < nextDeath) return;
        nextDeath = at + 4_000 + random() * 3_000;
        await run.clock.advance(Math.floor(random() * 300));
        const [victim] = workers.splice(Math.floor(random() * workers.length), 1);
        await run.clock.run(victim!.crash());
        await join();
      });
      expect(differences(await outcome(run), expected(events, grace))).toEqual([]);
      await stop(run, workers);
    },
  );
});

describe('consumer group new', () => {
  it('begins with the first close ever sent', async () => {
    const run = await world(newTopics('', 2));
    const events = generate(5, pace, 20);
    await play(
      run,
      events.filter(({ topic }) => topic !== 'closes' && topic !== 'boards'),
      async () => {},
    );
    const one = run.instance('modong', options);
    await play(
      run,
      events.filter(({ topic }) => topic === 'closes' || topic === 'boards'),
      async () => {},
    );
    await run.start(one);
    await run.clock.advance(grace * 2);
    const found = await outcome(run);
    const all = expected(events, grace);
    expect(found.rooms.map(({ roomKey }) => roomKey).sort()).toEqual(
      all.rooms.map(({ roomKey }) => roomKey).sort(),
    );
    await stop(run, [one]);
  });
});

describe('output consumer down, broker down, rebalance in the middle', () => {
  it('neither loses nor doubles anything while workers come and go', async () => {
    const run = await world(newTopics('', 4));
    const events = generate(6, pace, 30);
    const workers: App[] = [];
    await play(run, events, async (at) => {
      if (at % 4_000 === 0) {
        const one = run.instance('modong', options);
        workers.push(one);
        await run.start(one);
      } else if (at % 4_000 === 2_000 && workers.length > 1) {
        await run.clock.run(workers.shift()!.stop());
      }
    });
    // Nobody has read a single output until now.
    expect(differences(await outcome(run), expected(events, grace))).toEqual([]);
    await stop(run, workers);
  });

  it('goes on when the broker answers again', async () => {
    let isDown = false;
    let refused = 0;
    const on = ({ clientId }: { readonly clientId: string }) => {
      if (!isDown || clientId !== 'modong') return undefined;
      refused++;
      return { kind: 'refuse' } as const;
    };
    const run = await world(newTopics('', 2), { on });
    const events = generate(8, pace, 20);
    const one = run.instance('modong', options);
    await run.start(one);
    await play(run, events, async (at) => {
      isDown = at >= 8_000 && at < 12_000;
    });
    expect(refused).toBeGreaterThan(0);
    expect(differences(await outcome(run), expected(events, grace))).toEqual([]);
    await stop(run, [one]);
  });

  it('goes on where it was when everything was down for a while', async () => {
    const run = await world(newTopics('', 2));
    const events = generate(7, pace, 30);
    let one = run.instance('modong', options);
    await run.start(one);
    await play(run, events, async (at) => {
      if (at === 9_000) await stop(run, [one]);
      if (at !== 12_000) return;
      one = run.instance('modong', options);
      await run.start(one);
    });
    expect(differences(await outcome(run), expected(events, grace))).toEqual([]);
    await stop(run, [one]);
  });
});
