import { describe, expect, it } from 'vitest';
import { type App, joinForeignKey, leftJoinForeignKey, table, text, to } from '../../src/index.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import { type World, world } from './appKit.ts';

const codecs = { key: text, value: text };
/** Other numbers of partitions on both sides: rows that are joined lie in other tasks. */
const topics = [
  { topic: 'orders', partitions: 3 },
  { topic: 'users', partitions: 2 },
  { topic: 'out', partitions: 3 },
  { topic: 'padded', partitions: 3 },
];
const orders = table('orders', codecs);
const users = table('users', codecs);
const userOf = (order: string): string | undefined => order.split('|')[1];
const sinks = [
  orders.pipe(
    joinForeignKey(users, userOf, (order, user) => `${order}+${user}`, { name: 'joined', value: text }),
    to('out'),
  ),
  orders.pipe(
    leftJoinForeignKey(users, userOf, (order, user) => `${order}+${user}`, { name: 'all', value: text }),
    to('padded'),
  ),
];
const crossing = ['joined', 'joined-subscriptions', 'all', 'all-subscriptions'].map(
  (name) => `orders-${name}-repartition`,
);
const settled = (run: World): Promise<void> => run.drained('orders', ['orders', 'users', ...crossing]);

type Change = readonly [topic: 'orders' | 'users', key: string, value: string | null];

async function send({ client, clock }: World, changes: readonly Change[]): Promise<void> {
  for (const [topic, key, value] of changes) {
    await clock.run(client.send(topic, codecs, [{ key, value, timestamp: 0 }]));
  }
}

async function lastOf(run: World, topic: string): Promise<Record<string, string>> {
  const last = new Map<string, string | null>();
  for (const { key, value } of await run.read(topic, codecs)) last.set(key!, value);
  return Object.fromEntries([...last].filter((row): row is [string, string] => row[1] !== null).sort());
}

/** What joining the tables as they are at the end gives. */
function joined(changes: readonly Change[]): { inner: Record<string, string>; left: Record<string, string> } {
  const rows = { orders: new Map<string, string | null>(), users: new Map<string, string | null>() };
  for (const [topic, key, value] of changes) rows[topic].set(key, value);
  const all = [...rows.orders].filter((row): row is [string, string] => row[1] !== null).sort();
  const pairs = all.map(([key, row]) => [key, row, rows.users.get(userOf(row) ?? '') ?? null] as const);
  const made = (some: typeof pairs) =>
    Object.fromEntries(some.map(([key, row, user]) => [key, `${row}+${user}`]));
  return { inner: made(pairs.filter(([, , user]) => user !== null)), left: made(pairs) };
}

function randomChanges(random: () => number, count: number): Change[] {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  return Array.from({ length: count }, (): Change => {
    const user = `u${Math.floor(random() * 5)}`;
    if (random() < 0.3) return ['users', user, pick(null, 'Ann', 'Bob', 'Cid')];
    const key = `o${Math.floor(random() * 12)}`;
    return ['orders', key, pick(null, `pen|${user}`, `cup|${user}`, `cup|${user}`, 'pen')];
  });
}

describe('a foreign-key join over several tasks and instances', () => {
  it.each([1, 2, 3, 4])(
    'ends with the rows that the tables have in the end, crashes and all (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const run = await world(topics);
      const options = { sinks, sessionTimeout: '2s', heartbeatInterval: '500ms' } as const;
      const changes: Change[] = [];
      const running: App[] = [];
      for (let round = 0; round < 4; round++) {
        const more = randomChanges(random, 60);
        changes.push(...more);
        await send(run, more);
        while (running.length < 2) running.push(run.instance('orders', options));
        await run.start(...running.slice(round === 0 ? 0 : 1));
        await run.clock.advance(Math.floor(random() * 400));
        if (round < 3) await run.clock.run(running.shift()!.crash());
      }
      await settled(run);
      for (const one of running) await run.clock.run(one.stop());
      const expected = joined(changes);
      expect(await lastOf(run, 'out'), `seed ${seed}`).toEqual(expected.inner);
      expect(await lastOf(run, 'padded'), `seed ${seed}`).toEqual(expected.left);
    },
  );

  it('takes a result back although the answer that says so comes too late', async () => {
    const run = await world(topics);
    const one = run.instance('orders', { sinks: [sinks[0]!] });
    await run.start(one);
    await send(run, [
      ['users', 'u', 'Ann'],
      ['orders', 'o', 'pen|u'],
    ]);
    await run.drained('orders', ['orders', 'users', ...crossing.slice(0, 2)]);
    expect(await lastOf(run, 'out')).toEqual({ o: 'pen|u+Ann' });
    const values = ['pen|nobody', 'cup|nobody'];
    await run.clock.run(
      run.client.send(
        'orders',
        codecs,
        values.map((value) => ({ key: 'o', value, timestamp: 0 })),
      ),
    );
    await run.drained('orders', ['orders', 'users', ...crossing.slice(0, 2)]);
    expect(await lastOf(run, 'out')).toEqual({});
    await run.clock.run(one.stop());
  });

  it('finds the rows of a left table that was partitioned by other means than its keys', async () => {
    const run = await world(topics);
    const one = run.instance('orders', { sinks: [sinks[0]!] });
    const odd = [0, 1, 2].map((partition) => ({
      key: `o${partition}`,
      value: 'pen|u',
      timestamp: 0,
      partition,
    }));
    for (const partition of [0, 1, 2]) {
      const moved = odd.map((record) => ({ ...record, key: `${record.key}-${partition}`, partition }));
      await run.clock.run(run.client.send('orders', codecs, moved));
    }
    await send(run, [['users', 'u', 'Ann']]);
    await run.start(one);
    await run.drained('orders', ['orders', 'users', ...crossing.slice(0, 2)]);
    expect(Object.keys(await lastOf(run, 'out'))).toHaveLength(9);
    await run.clock.run(one.stop());
  });
});
