import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  type App,
  type AppOptions,
  folderSnapshots,
  type RestoreProgress,
  type SnapshotStore,
} from '../../../src/index.ts';
import {
  brokenGuarantee,
  guardedJob,
  numberCodecs,
  numbersByKey,
  orderCodecs,
  ordersFrom,
} from '../../kit/guardedJob.ts';
import { guarantees, type World, world } from '../appKit.ts';

const { sinks, topics, orders, numbers, items, crossing } = guardedJob();
const tasks = ['items-repartition', 'orders'].flatMap((name) => [0, 1, 2].map((index) => `${name}_${index}`));

/** The others: no item goes to partition 1. */
const filled = tasks.filter((task) => task !== 'items-repartition_1');

/** Many commits, so that the changelogs are longer than the state. */
async function feed(run: World, from: number, to: number): Promise<void> {
  for (let fed = from; fed < to; fed += 50) {
    await run.clock.run(run.client.send(orders, orderCodecs, ordersFrom(fed, fed + 50)));
    await run.clock.advance(150);
  }
  await run.drained('guarded', crossing('guarded'));
}

interface Machine {
  readonly app: App;
  readonly restores: Map<string, RestoreProgress>;
  readonly warnings: string[];
}

function machine(run: World, disk: string, options: Partial<AppOptions>): Machine {
  const snapshots = join(run.stateDir, 'snapshots');
  const app = run.instance('guarded', {
    sinks,
    snapshots,
    snapshotInterval: '20s',
    commitInterval: '100ms',
    ...options,
    stateDir: join(run.stateDir, disk),
  });
  const restores = new Map<string, RestoreProgress>();
  const warnings: string[] = [];
  app.restores.subscribe((progress) => restores.set(progress.task, progress));
  app.warnings.subscribe(({ code }) => warnings.push(code));
  return { app, restores, warnings };
}

/** A folder of snapshots that tells when so many have been put there, or deleted: by then the disk has done its work. */
function watched(folder: string) {
  const store = folderSnapshots(folder);
  const done = { put: 0, delete: 0 };
  let changed = Promise.withResolvers<void>();
  const counting =
    <A extends unknown[]>(kind: 'put' | 'delete', call: (...arguments_: A) => Promise<void>) =>
    async (...arguments_: A): Promise<void> => {
      await call(...arguments_);
      done[kind]++;
      changed.resolve();
      changed = Promise.withResolvers();
    };
  return {
    ...store,
    put: counting('put', store.put),
    delete: counting('delete', store.delete),
    async reached(kind: 'put' | 'delete', count: number): Promise<void> {
      while (done[kind] < count) await changed.promise;
    },
  };
}

const records = ({ restores }: Machine): number =>
  [...restores.values()].reduce((sum, { total }) => sum + total, 0);

async function outputs(run: World): Promise<Map<string, number[]>> {
  return numbersByKey([...(await run.read(numbers, numberCodecs)), ...(await run.read(items, numberCodecs))]);
}

/** An application that has left snapshots and is gone, with its disk. */
async function leftBehind(
  options: Partial<AppOptions> = {},
): Promise<{ run: World; names: string[]; folder: string }> {
  const run = await world(topics);
  const folder = join(run.stateDir, 'snapshots');
  const store = watched(folder);
  const { app, warnings } = machine(run, 'old', { ...options, snapshots: store });
  await run.start(app);
  await feed(run, 0, 1_000);
  await run.clock.run(store.reached('put', filled.length));
  const names = [...(await store.list('guarded/'))].sort();
  await feed(run, 1_000, 1_100);
  await run.clock.run(app.stop());
  expect(warnings).toEqual([]);
  return { run, names, folder };
}

/** A machine with an empty disk goes on; gives what it told. */
async function goOn(run: World, options: Partial<AppOptions> = {}): Promise<Machine> {
  const young = machine(run, 'young', options);
  await run.start(young.app);
  await feed(run, 1_100, 1_200);
  await run.clock.run(young.app.stop());
  const { guarantee = 'exactly-once' } = options;
  expect(brokenGuarantee(guarantee, 1_200, await outputs(run))).toEqual([]);
  return young;
}

describe.each(guarantees)('snapshots of an application that is %s', (guarantee) => {
  it('leave only what was written since to be restored', async () => {
    const { run } = await leftBehind({ guarantee });
    const young = await goOn(run, { guarantee });
    const without = await leftBehind({ guarantee });
    const all = await goOn(without.run, { guarantee, snapshots: undefined });
    expect(young.warnings).toEqual([]);
    expect(records(young)).toBeGreaterThan(0);
    expect(records(young)).toBeLessThan(records(all) / 2);
  });

  it('are what a standby begins with', async () => {
    const { run } = await leftBehind({ guarantee });
    const [one, two] = [
      machine(run, 'one', { guarantee, standbyReplicas: 1 }),
      machine(run, 'two', { guarantee, standbyReplicas: 1 }),
    ];
    await run.start(one.app, two.app);
    await feed(run, 1_100, 1_200);
    await run.clock.advance(2_000);
    for (const disk of ['one', 'two']) {
      const kept = readdirSync(join(run.stateDir, disk, 'guarded')).filter((name) => tasks.includes(name));
      expect(kept.toSorted()).toEqual(tasks);
    }
    expect([...one.warnings, ...two.warnings]).toEqual([]);
    await run.clock.run(one.app.crash());
    await run.clock.advance(10_000);
    await run.clock.run(two.app.stop());
    expect(brokenGuarantee(guarantee, 1_200, await outputs(run))).toEqual([]);
  });
});

type Damage = (path: string, run: World) => Promise<void> | void;

const editHeader = (path: string, change: (header: Record<string, unknown>) => unknown): void => {
  const bytes = readFileSync(path);
  const end = bytes.indexOf(0x0a);
  const header = change(JSON.parse(bytes.toString('utf8', 0, end)));
  writeFileSync(path, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes.subarray(end + 1)]));
};

const damages: readonly (readonly [string, Damage])[] = [
  [
    'a flipped bit',
    (path) => {
      const bytes = readFileSync(path);
      bytes[bytes.length - 5_000]! ^= 1;
      writeFileSync(path, bytes);
    },
  ],
  ['its end missing', (path) => writeFileSync(path, readFileSync(path).subarray(0, -4096))],
  ['nothing in it', (path) => writeFileSync(path, '')],
  ['no header', (path) => writeFileSync(path, Buffer.alloc(100_000, 7))],
  ['a header without an end', (path) => writeFileSync(path, Buffer.alloc(2 << 20, 0x20))],
  ['another format', (path) => editHeader(path, (header) => ({ ...header, format: 2 }))],
  ['null for a header', (path) => editHeader(path, () => null)],
  ['the name of another task', (path) => editHeader(path, (header) => ({ ...header, task: 'orders_9' }))],
  [
    'another history',
    (path) =>
      editHeader(path, (header) => ({
        ...header,
        commit: { ...(header['commit'] as object), incarnation: 'another' },
      })),
  ],
  [
    'positions that its changelog has never had',
    (path) =>
      editHeader(path, (header) => {
        const topicsOf = Object.keys(header['changelogs'] as object);
        return { ...header, changelogs: Object.fromEntries(topicsOf.map((topic) => [topic, 1e9])) };
      }),
  ],
  ['deletions since that are forgotten', (_, run) => run.clock.advance(13 * 3_600_000)],
];

describe('a snapshot with', () => {
  it.each(damages)('%s is told and not used: state comes from the changelog', async (_, damage) => {
    const { run, names, folder } = await leftBehind();
    for (const name of names) await damage(join(folder, name), run);
    const young = await goOn(run);
    expect(young.warnings).toEqual(names.map(() => 'SNAPSHOT_IGNORED'));
    expect(records(young)).toBeGreaterThan(100);
  });
});

describe('of several snapshots', () => {
  it('the newest that can be used is, and too old ones are deleted', async () => {
    const run = await world(topics);
    const folder = join(run.stateDir, 'snapshots');
    const store = watched(folder);
    const old = machine(run, 'old', { snapshots: store });
    await run.start(old.app);
    for (let round = 0; round < 3; round++) {
      await feed(run, round * 300, (round + 1) * 300);
      await run.clock.run(store.reached('put', filled.length * (round + 1)));
    }
    await run.clock.run(store.reached('delete', filled.length));
    await feed(run, 900, 1_100);
    await run.clock.run(old.app.stop());
    const names = (await store.list('guarded/')).toSorted();
    expect(names).toHaveLength(2 * filled.length);
    const newest = [...Map.groupBy(names, (name) => dirname(name)).values()].map((some) => some.at(-1)!);
    for (const name of newest) writeFileSync(join(folder, name), 'damaged');
    const young = await goOn(run);
    expect(young.warnings).toHaveLength(filled.length);
    const empty = machine(run, 'empty', { snapshots: undefined });
    await run.start(empty.app);
    expect(records(young)).toBeLessThan(records(empty));
    await run.clock.run(empty.app.stop());
  });
});

describe('a store of snapshots', () => {
  it('that is out of order is told; the application goes on without', async () => {
    const broken = (): Promise<never> => Promise.reject(new Error('no such bucket'));
    const snapshots: SnapshotStore = { put: broken, get: broken, list: broken, delete: broken };
    const run = await world(topics);
    const { app, warnings } = machine(run, 'disk', { snapshots, snapshotInterval: '1s' });
    const failed = firstValueFrom(app.warnings.pipe(filter(({ code }) => code === 'SNAPSHOT_FAILED')));
    await run.start(app);
    expect(warnings).toEqual(tasks.map(() => 'SNAPSHOT_IGNORED'));
    await feed(run, 0, 200);
    await run.clock.run(failed);
    await feed(run, 200, 300);
    await run.clock.run(app.stop());
    expect(brokenGuarantee('exactly-once', 300, await outputs(run))).toEqual([]);
  });

  it('may hold what was brought from elsewhere, such as another machine', async () => {
    const { run, folder } = await leftBehind();
    const carried = join(run.stateDir, 'carried');
    await mkdir(carried);
    renameSync(join(folder, 'guarded'), join(carried, 'guarded'));
    const young = await goOn(run, { snapshots: carried });
    expect(young.warnings).toEqual([]);
  });
});
