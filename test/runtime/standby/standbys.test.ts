import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type App,
  type AppOptions,
  MillraceError,
  type RestoreProgress,
  type RowsOptions,
  type StandbyProgress,
} from '../../../src/index.ts';
import { seededRandom } from '../../../src/runtime/testing/seededRandom.ts';
import { taskFolder } from '../../../src/state/folder.ts';
import { lockFolder } from '../../../src/state/lock.ts';
import {
  brokenGuarantee,
  guardedJob,
  numberCodecs,
  numbersByKey,
  orderCodecs,
  ordersFrom,
} from '../../kit/guardedJob.ts';
import { type Guarantee, guarantees, type World, world } from '../appKit.ts';

const { sinks, topics, orders, numbers, items, crossing } = guardedJob();
const timing = { sessionTimeout: '2s', heartbeatInterval: '500ms' } as const;

async function feed({ client, clock }: World, from: number, to: number): Promise<void> {
  await clock.run(client.send(orders, orderCodecs, ordersFrom(from, to)));
}

async function outputs(run: World): Promise<Map<string, number[]>> {
  return numbersByKey([...(await run.read(numbers, numberCodecs)), ...(await run.read(items, numberCodecs))]);
}

/** An instance with a disk of its own, and what it has told. */
interface Machine {
  readonly app: App;
  readonly restores: RestoreProgress[];
  readonly standbys: Map<string, StandbyProgress>;
  readonly warnings: string[];
}

function machine(run: World, disk: string, options: Partial<AppOptions> = {}): Machine {
  const settings = { sinks, standbyReplicas: 1, ...timing, ...options };
  const app = run.instance('guarded', { stateDir: join(run.stateDir, disk), ...settings });
  const restores: RestoreProgress[] = [];
  const standbys = new Map<string, StandbyProgress>();
  const warnings: string[] = [];
  app.restores.subscribe((progress) => restores.push(progress));
  app.standbys.subscribe((progress) => standbys.set(progress.task, progress));
  app.warnings.subscribe(({ code }) => warnings.push(code));
  return { app, restores, standbys, warnings };
}

const lagOf = ({ standbys }: Machine): (number | undefined)[] => [...standbys.values()].map(({ lag }) => lag);

describe.each(guarantees)('standbys of an application that is %s', (guarantee) => {
  it.each(['disk', 'memory'])(
    'follow to the end of the changelogs, and go on without a restore (%s)',
    async (kind) => {
      const run = await world(topics);
      const disk = (name: string) =>
        kind === 'memory' ? { stateDir: 'memory' } : { stateDir: join(run.stateDir, name) };
      const [one, two] = ['one', 'two'].map((name) => machine(run, name, { guarantee, ...disk(name) })) as [
        Machine,
        Machine,
      ];
      await run.start(one.app, two.app);
      await feed(run, 0, 600);
      await run.drained('guarded', crossing('guarded'));
      await run.clock.advance(3_000);
      expect([...one.standbys.keys(), ...two.standbys.keys()].sort()).toEqual(
        ['items-repartition', 'orders'].flatMap((name) => [0, 1, 2].map((index) => `${name}_${index}`)),
      );
      expect([...lagOf(one), ...lagOf(two)]).toEqual([0, 0, 0, 0, 0, 0]);
      await run.clock.run(one.app.crash());
      two.restores.length = 0;
      await run.clock.advance(10_000);
      await feed(run, 600, 1_000);
      await run.drained('guarded', crossing('guarded'));
      await run.clock.run(two.app.stop());
      // Nothing of the task's: at least once there are claims, of who goes on with it and, where it had no row yet, of who began.
      const most = guarantee === 'exactly-once' ? 0 : 2;
      expect(two.restores.filter(({ total }) => total > most)).toEqual([]);
      expect(brokenGuarantee('exactly-once', 1_000, await outputs(run))).toEqual([]);
      expect([...one.warnings, ...two.warnings]).toEqual([]);
    },
  );

  it.each([1, 2, 3])('lose nothing when instances crash at moments of seed %i', async (seed) => {
    const run = await world(topics);
    const total = await crashing(run, guarantee, seed);
    expect(brokenGuarantee(guarantee, total, await outputs(run)), `seed ${seed}`).toEqual([]);
  });
});

/** Feeds, crashes and starts instances on three disks in turns; gives the number of records fed. */
async function crashing(run: World, guarantee: Guarantee, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const disks = ['one', 'two', 'three'];
  const running: { readonly disk: string; readonly app: App }[] = [];
  const settings = {
    guarantee,
    acceptableRecoveryLag: seed % 2 === 0 ? 20 : 10_000,
    probingInterval: '2s',
  } as const;
  const start = async (): Promise<void> => {
    const disk = disks.find((name) => running.every((other) => other.disk !== name))!;
    const { app } = machine(run, disk, settings);
    running.push({ disk, app });
    await run.start(app);
  };
  let fed = 0;
  for (let round = 0; round < 8; round++) {
    const next = fed + 50 + Math.floor(random() * 200);
    await feed(run, fed, next);
    fed = next;
    while (running.length < 3) await start();
    await run.clock.advance(Math.floor(random() * 1_500));
    const [victim] = running.splice(Math.floor(random() * running.length), 1);
    await run.clock.run(victim!.app.crash());
    if (random() < 0.3) await run.clock.advance(3_000);
  }
  await start();
  await run.drained('guarded', crossing('guarded'));
  await run.clock.run(Promise.all(running.map(({ app }) => app.stop())));
  return fed;
}

describe('a worker that joins', () => {
  it('gets ready first: tasks stay where they run until it has nearly caught up, then they move one after the other', async () => {
    const run = await world(topics);
    const options = { standbyReplicas: 0, acceptableRecoveryLag: 4, warmupReplicas: 1 };
    const old = machine(run, 'old', options);
    await run.start(old.app);
    for (let fed = 0; fed < 3_000; fed += 150) {
      await feed(run, fed, fed + 150);
      await run.clock.advance(300);
    }
    await run.drained('guarded', crossing('guarded'));
    const young = machine(run, 'young', options);
    await run.start(young.app);
    expect(young.restores).toEqual([]);
    await feed(run, 3_000, 3_100);
    for (let moved = 0; moved < 3; moved++) await run.clock.advance(5_000);
    await run.drained('guarded', crossing('guarded'));
    expect(young.standbys.size).toBeGreaterThanOrEqual(2);
    expect([...young.standbys.values()].every(({ warmup }) => warmup)).toBe(true);
    // What it still lacked when a task moved was within the bound.
    expect(Math.max(0, ...young.restores.map(({ total }) => total))).toBeLessThanOrEqual(4);
    await run.clock.run(old.app.crash());
    await run.clock.advance(5_000);
    await feed(run, 3_100, 3_200);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.run(young.app.stop());
    expect(brokenGuarantee('exactly-once', 3_200, await outputs(run))).toEqual([]);
  });

  it('that shares the state folder of another is told of the standbys that cannot be', async () => {
    const run = await world(topics);
    const [one, two] = [machine(run, 'same'), machine(run, 'same')];
    await run.start(one.app, two.app);
    await run.clock.advance(2_000);
    expect([...one.warnings, ...two.warnings]).toContain('STANDBYS_MISSING');
    expect(one.standbys.size + two.standbys.size).toBe(0);
    await run.clock.run(Promise.all([one.app.stop(), two.app.stop()]));
  });
});

describe('what a standby holds', () => {
  const sum = (rows: readonly (readonly [unknown, { readonly value: unknown }])[]): number =>
    rows.reduce((total, [, { value }]) => total + Number(value), 0);

  it('can be read with a bound for how far it may be behind', async () => {
    const silence = { since: Number.POSITIVE_INFINITY };
    const run = await world(topics, {
      on: ({ api, clientId }) =>
        api === 'fetch' && clientId === 'one' && run.clock.monotonic() >= silence.since
          ? { kind: 'delayResponse', ms: 60_000 }
          : undefined,
    });
    const machines = ['one', 'two'].map((name) => machine(run, name, { clientId: name }));
    const [one, two] = machines.map(({ app }) => app) as [App, App];
    await run.start(one, two);
    await feed(run, 0, 500);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.advance(1_000);
    const held = (app: App, staleness?: RowsOptions['staleness']): number =>
      sum(app.rows('numbers', { staleness }));
    for (const app of [one, two]) expect(held(app)).toBeLessThan(500);
    expect(held(one) + held(two)).toBe(500);
    for (const app of [one, two]) expect(held(app, { records: 0, time: '500ms' })).toBe(500);
    // Nobody tells one of them any more whether there is more: what it has followed gets older.
    silence.since = run.clock.monotonic();
    await run.clock.advance(3_000);
    expect(held(one, { time: '2s' })).toBe(held(one));
    expect(held(one, { time: '1m' })).toBe(500);
    expect(held(two, { time: '2s' })).toBe(500);
    silence.since = Number.POSITIVE_INFINITY;
    await run.clock.run(Promise.all([one.stop(), two.stop()]));
  });

  it.each([{ records: -1 }, { time: '5' as never }, { age: '1s' } as never])(
    'is not read with %o',
    async (staleness) => {
      const run = await world(topics);
      const { app } = machine(run, 'one');
      expect(() => app.rows('numbers', { staleness })).toThrow(MillraceError);
    },
  );
});

describe('a standby that cannot be kept', () => {
  it('is told and tried again; the worker goes on with its tasks, and with the standby when it can', async () => {
    const run = await world(topics);
    const [one, two] = ['one', 'two'].map((name) => machine(run, name)) as [Machine, Machine];
    // Somebody else has the folders of two tasks on the second machine.
    const held = ['orders_0', 'orders_1', 'orders_2'].map((task) =>
      lockFolder(taskFolder(join(run.stateDir, 'two'), 'guarded', task)),
    );
    await run.clock.run(one.app.start());
    await feed(run, 0, 300);
    const starting = run.clock.run(two.app.start());
    await run.clock.advance(20_000);
    for (const lock of held) lock.release();
    await starting;
    await run.clock.advance(70_000);
    await feed(run, 300, 500);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.advance(3_000);
    expect([one.app.state, two.app.state]).toEqual(['running', 'running']);
    expect([...lagOf(one), ...lagOf(two)]).toEqual([0, 0, 0, 0, 0, 0]);
    await run.clock.run(one.app.crash());
    await run.clock.advance(10_000);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.run(two.app.stop());
    expect(brokenGuarantee('exactly-once', 500, await outputs(run))).toEqual([]);
  });

  it('since its database is damaged, is built anew from the changelog', async () => {
    const run = await world(topics);
    const [one, two] = ['one', 'two'].map((name) => machine(run, name)) as [Machine, Machine];
    await run.start(one.app, two.app);
    await feed(run, 0, 300);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.run(two.app.stop());
    for (const task of readdirSync(join(run.stateDir, 'two', 'guarded'))) {
      writeFileSync(join(run.stateDir, 'two', 'guarded', task, 'state.db'), Buffer.alloc(8192, 3));
    }
    const again = machine(run, 'two');
    await run.start(again.app);
    await feed(run, 300, 500);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.advance(3_000);
    expect(new Set(again.warnings)).toEqual(new Set(['STATE_CORRUPT']));
    await run.clock.run(one.app.crash());
    await run.clock.advance(10_000);
    await run.clock.run(again.app.stop());
    expect(brokenGuarantee('exactly-once', 500, await outputs(run))).toEqual([]);
  });
});

describe('standbys on racks', () => {
  it('are elsewhere than their tasks', async () => {
    const run = await world(topics);
    const racks = ['left', 'left', 'left', 'right'];
    const machines = racks.map((rack, index) => machine(run, `disk-${index}`, { rack }));
    await run.start(...machines.map(({ app }) => app));
    await feed(run, 0, 100);
    await run.drained('guarded', crossing('guarded'));
    await run.clock.advance(2_000);
    const right = machines[3]!;
    // Of six tasks one or two run on the right; all others are followed there.
    expect(right.standbys.size).toBeGreaterThanOrEqual(4);
    expect(machines.slice(0, 3).flatMap((one) => [...one.standbys.keys()]).length).toBe(
      6 - right.standbys.size,
    );
    await run.clock.run(Promise.all(machines.map(({ app }) => app.stop())));
  });
});
