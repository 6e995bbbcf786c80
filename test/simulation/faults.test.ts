import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type App,
  type AppOptions,
  aggregate,
  count,
  json,
  keyBy,
  stream,
  text,
  to,
} from '../../src/index.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import type { Call, Fault, Faults } from '../../src/runtime/transport/embedded/faults.ts';
import { guarantees, type World, world } from '../runtime/appKit.ts';

/** `npm run test:simulation -- --seeds=N --from=S`: N runs from seed S on; a failing seed is repeated with --from and --seeds=1. */
const seeds = Number(process.env['MILLRACE_SEEDS'] ?? 20);
const from = Number(process.env['MILLRACE_FROM'] ?? 1);

interface Order {
  readonly item: string;
}
const orders = stream('orders', { key: text, value: json<Order>() });
const sinks = [
  orders.pipe(
    aggregate(
      () => 0,
      (number) => number + 1,
      'numbers',
    ),
    to('numbers'),
  ),
  orders.pipe(
    keyBy((order) => order.item),
    count('items'),
    to('items'),
  ),
];
const topics = ['orders', 'numbers', 'items'].map((topic) => ({ topic, partitions: 3 }));
const inputs = ['orders', 'ledger-items-repartition'];

/** One call in fifty goes wrong, in one of the ways in which calls do. */
function seededFaults(random: () => number): { readonly faults: Faults; active: boolean } {
  const hook = {
    active: false,
    faults: {
      on: ({ clientId }: Call): Fault | undefined => {
        if (!hook.active || clientId !== 'ledger' || random() > 0.02) return undefined;
        return fault(random);
      },
    },
  };
  return hook;
}

function fault(random: () => number): Fault {
  const ms = Math.floor(random() * 3_000);
  const kinds: Fault[] = [
    { kind: 'refuse' },
    { kind: 'refuse' },
    { kind: 'loseRequest' },
    { kind: 'loseRequest', arrivesAfterMs: ms * 13 },
    { kind: 'loseResponse' },
    { kind: 'delayRequest', ms },
    { kind: 'delayResponse', ms },
    { kind: 'pauseClient', ms: ms * 3 },
  ];
  return kinds[Math.floor(random() * kinds.length)]!;
}

/** Every second seed has standbys and warm-ups, and so instances with disks of their own. */
function settingsOf(seed: number): Partial<AppOptions> {
  const timing = { sessionTimeout: '2s', heartbeatInterval: '500ms', transactionTimeout: '5s' } as const;
  if (seed % 2 === 0) return timing;
  return { ...timing, standbyReplicas: 1, acceptableRecoveryLag: 5, probingInterval: '2s' };
}

/** Feeds in rounds while instances come, go and crash and calls go wrong; gives what each key must end at. */
async function unquiet(
  run: World,
  settings: Partial<AppOptions>,
  random: () => number,
  hook: { active: boolean },
) {
  const disks = new Map<App, string>();
  const start = (): App => {
    const free = ['one', 'two', 'three'].find((disk) => apps.every((other) => disks.get(other) !== disk))!;
    const own = settings.standbyReplicas === undefined ? {} : { stateDir: join(run.stateDir, free) };
    const one = run.instance('ledger', { sinks, ...settings, ...own });
    disks.set(one, free);
    return one;
  };
  const expected = new Map<string, number>();
  const failures: unknown[] = [];
  const apps: App[] = [];
  for (let round = 0, fed = 0; round < 6; round++) {
    const records = Array.from({ length: 30 + Math.floor(random() * 100) }, (_, index) => {
      const [user, item] = [`user-${(fed + index) % 7}`, `item-${(fed + index) % 5}`];
      for (const key of [user, item]) expected.set(key, (expected.get(key) ?? 0) + 1);
      return { key: user, value: { item }, timestamp: fed + index };
    });
    fed += records.length;
    await run.clock.run(run.client.send('orders', { key: text, value: json<Order>() }, records));
    hook.active = true;
    while (apps.length < 2) {
      const one = start();
      one.closed.catch((error: unknown) => failures.push(error));
      one.start().catch(() => undefined); // `closed` tells
      apps.push(one);
    }
    await run.clock.advance(1_000 + Math.floor(random() * 8_000));
    if (random() < 0.5) await run.clock.run(apps.splice(Math.floor(random() * apps.length), 1)[0]!.crash());
    hook.active = false;
  }
  const last = start();
  await run.start(last);
  await run.drained('ledger', inputs);
  await run.clock.run(Promise.allSettled([...apps, last].map((one) => one.stop())));
  // A client that stands still may miss the end of its stop; no other failure may come of faults that pass.
  expect(failures.map(String).filter((failure) => !failure.includes('STOP_TIMEOUT'))).toEqual([]);
  return expected;
}

describe.each(guarantees)('a group whose calls go wrong, %s', (guarantee) => {
  it.each(Array.from({ length: seeds }, (_, index) => from + index))(
    'keeps its promise with seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const hook = seededFaults(random);
      const run = await world(topics, hook.faults);
      const expected = await unquiet(run, { guarantee, ...settingsOf(seed) }, random, hook);
      const codecs = { key: text, value: json<number>() };
      const found = new Map<string, number[]>();
      for (const { key, value } of [
        ...(await run.read('numbers', codecs)),
        ...(await run.read('items', codecs)),
      ]) {
        found.set(key!, [...(found.get(key!) ?? []), value!]);
      }
      for (const [key, last] of expected) {
        const values = found.get(key) ?? [];
        if (guarantee === 'at-least-once') expect(Math.max(...values), key).toBeGreaterThanOrEqual(last);
        else expect(values, key).toEqual(Array.from({ length: last }, (_, index) => index + 1));
      }
    },
  );
});
