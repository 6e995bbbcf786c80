import { describe, expect, it } from 'vitest';
import type { CommittedRecord } from '../../scripts/kafka/readCommitted.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import { eventually } from '../kit/eventually.ts';
import {
  brokenGuarantee,
  expectedNumbers,
  guardedJob,
  numberCodecs,
  numbersByKey,
  orderCodecs,
  ordersFrom,
} from '../kit/guardedJob.ts';
import { type Guarantee, guarantees, world } from '../runtime/appKit.ts';
import { javaMissing } from './brokers.ts';
import { type GuardedRun, guardedRun } from './guardedRun.ts';
import type { WorkerProcess } from './workerProcess.ts';

const total = 3_000;
const kills = 20;
const perSecond = 500;
/** Drawn anew for each run of the tests, and part of the tests' names; MILLRACE_SEED gives one. */
const seed = Number(process.env['MILLRACE_SEED'] ?? systemClock.now() % 1_000_000);

describe.skipIf(javaMissing).each(guarantees)('an application on Kafka that is %s', (guarantee) => {
  it('puts out what it does on the embedded broker, with 1, 2 and 3 workers', async () => {
    const embedded = await onEmbedded(guarantee);
    for (const workers of [1, 2, 3]) {
      expect(await onKafka(guarantee, workers), `${workers} workers`).toEqual(embedded);
    }
  });

  it(`keeps it while workers are killed ${kills} times, at moments of seed ${seed}`, async () => {
    const run = await guardedRun({ guarantee });
    await killing(run, seed);
    await expectKept(run, guarantee);
  });
});

describe.skipIf(javaMissing)('a worker that was stopped beyond its session', () => {
  it('has no effect when it goes on, and works again as a member of the group', async () => {
    const run = await guardedRun({ guarantee: 'exactly-once' });
    const workers = [run.worker('one'), run.worker('two')];
    await running(workers);
    for (const zombie of [...workers, ...workers]) {
      const stop = run.feedOn(perSecond);
      await delay(systemClock, 500);
      await zombie.kill('SIGSTOP');
      const seen = zombie.states.length;
      await delay(systemClock, 500);
      await stop();
      await run.drained(); // the other one has done its share
      await run.feed(run.fed + 100);
      await zombie.kill('SIGCONT');
      await eventually(systemClock, () => zombie.states.lastIndexOf('running') >= seen);
    }
    const [one, two] = workers;
    await one!.kill('SIGKILL');
    await run.feed(run.fed + 100);
    await run.drained();
    await two!.kill('SIGTERM');
    await expectKept(run, 'exactly-once');
  });
});

interface OutputRecord {
  readonly key: string | null;
  readonly value: number | null;
  readonly timestamp: number;
}

/** By key and in the order of each: with times on the direct path; on the other the order between orders is free. */
function outputsOf(numbers: readonly OutputRecord[], items: readonly OutputRecord[]): string[] {
  const byKey = (a: OutputRecord, b: OutputRecord): number =>
    a.key! < b.key! ? -1 : Number(a.key! > b.key!);
  return [
    ...numbers.toSorted(byKey).map(({ key, value, timestamp }) => `${key} ${value} at ${timestamp}`),
    ...items.toSorted(byKey).map(({ key, value }) => `${key} ${value}`),
  ];
}

async function onEmbedded(guarantee: Guarantee): Promise<string[]> {
  const { sinks, topics, orders, numbers, items, crossing } = guardedJob();
  const run = await world(topics);
  const one = run.instance('guarded', { sinks, guarantee });
  await run.start(one);
  await run.clock.run(run.client.send(orders, orderCodecs, ordersFrom(0, total)));
  await run.drained('guarded', crossing('guarded'));
  await run.clock.run(one.stop());
  return outputsOf(await run.read(numbers, numberCodecs), await run.read(items, numberCodecs));
}

async function onKafka(guarantee: Guarantee, count: number): Promise<string[]> {
  const run = await guardedRun({ guarantee });
  await run.feed(total / 2);
  const workers = Array.from({ length: count }, (_, index) => run.worker(`${index}`));
  await running(workers);
  await run.feed(total);
  await run.drained();
  await Promise.all(workers.map((worker) => worker.kill('SIGTERM')));
  const [numbers, items] = await Promise.all([run.committed(run.job.numbers), run.committed(run.job.items)]);
  return outputsOf(numbers.map(toOutput), items.map(toOutput));
}

const toOutput = ({ key, value, timestamp }: CommittedRecord): OutputRecord => ({
  key,
  value: value === null ? null : (JSON.parse(value) as number),
  timestamp,
});

async function running(workers: Iterable<WorkerProcess>): Promise<void> {
  const all = [...workers];
  await eventually(systemClock, () => all.every(({ state }) => state === 'running'), 60_000);
}

/** Three machines; one of them loses its worker at random moments, and sometimes its disk. */
async function killing(run: GuardedRun, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const machines = ['one', 'two', 'three'];
  const workers = new Map(machines.map((machine) => [machine, run.worker(machine)]));
  await running(workers.values());
  const stop = run.feedOn(perSecond);
  for (let kill = 0; kill < kills; kill++) {
    // Mostly in the middle of work, at some moment between two commits; else in the middle of rebalancing and restoring.
    if (random() < 0.6) await running(workers.values());
    await delay(systemClock, random() * 1_000);
    const machine = machines[Math.floor(random() * machines.length)]!;
    await workers.get(machine)!.kill('SIGKILL');
    if (random() < 0.3) run.wipe(machine);
    await delay(systemClock, random() * 500);
    workers.set(machine, run.worker(machine));
  }
  await stop();
  await run.drained();
  await running(workers.values());
  await Promise.all([...workers.values()].map((worker) => worker.kill('SIGTERM')));
}

/** The verdict of Apache Kafka's own consumer: on the outputs, and on the changelogs, which must hold the last of each. */
async function expectKept(run: GuardedRun, guarantee: Guarantee): Promise<void> {
  const { job, id } = run;
  const [numbers, items] = await Promise.all([run.committed(job.numbers), run.committed(job.items)]);
  const found = numbersByKey([...numbers, ...items].map(toOutput));
  expect(brokenGuarantee(guarantee, run.fed, found), `seed ${seed}, ${run.fed} orders`).toEqual([]);
  const changelogs = await Promise.all([
    run.committed(`${id}-numbers-changelog`),
    run.committed(`${id}-items-changelog`),
  ]);
  const rows = changelogs.flat().filter(({ headers }) => headers.length === 0);
  const kept = new Map(rows.map(({ key, value }) => [key!, Number(value)]));
  for (const [key, last] of expectedNumbers(run.fed)) {
    if (guarantee === 'exactly-once') expect(kept.get(key), `row ${key}, seed ${seed}`).toBe(last);
    else expect(kept.get(key), `row ${key}, seed ${seed}`).toBeGreaterThanOrEqual(last);
  }
}
