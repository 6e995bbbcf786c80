import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import type { Guarantee } from '../../src/runtime/settingOptions.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { eventually } from '../kit/eventually.ts';
import { ClusterAdmin } from './clusterAdmin.ts';
import { type Fault, faults, type Scene } from './faults.ts';
import { Feed } from './feed.ts';
import { Fleet } from './fleet.ts';
import { Progress } from './progress.ts';
import { judge, type Verdict } from './verdict.ts';
import { workload } from './workload.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** How long the records are spread over; faults end when all are written. */
  readonly minutes: number;
  readonly records: number;
  readonly guarantee: Guarantee;
  /** Only faults whose names contain this. */
  readonly only?: string | undefined;
  readonly log: (line: string) => void;
}

export interface ChaosResult extends Verdict {
  /** How many were done. */
  readonly faults: number;
}

interface Opened {
  readonly cluster: KafkaCluster;
  readonly admin: ClusterAdmin;
  readonly transport: Transport;
  /** What to do in the end, the last first. */
  readonly closing: (() => Promise<unknown>)[];
}

const id = 'chaos';
const machines = ['one', 'two', 'three'];
/** What a producer may say while brokers fail: its successor goes on. */
const expectedErrors: ReadonlySet<string> = new Set(['BROKER_UNREACHABLE', 'OUTCOME_UNKNOWN', 'FENCED']);

/**
 * Three brokers, three workers, an input with aborted transactions in it, and faults by seed, which decides what is done,
 * in what order and with what pauses. What it found in the end is what Apache Kafka's own clients say.
 */
export async function chaosRun(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, minutes, records, guarantee } = options;
  const begun = systemClock.monotonic();
  const log = (line: string): void => {
    const seconds = Math.round((systemClock.monotonic() - begun) / 1000);
    options.log(`${String(seconds).padStart(5)} s  ${line}`);
  };
  log(`seed ${seed}: ${records} records in ${minutes} minutes, ${guarantee}`);
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const cluster = await startKafka({
      nodes: 3,
      config: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000 },
      log,
    });
    closing.push(() => cluster.stop());
    const admin = await ClusterAdmin.open(cluster.brokers);
    closing.push(() => admin.close());
    const transport = kafkaTransport({ brokers: cluster.brokers, clientId: 'chaos' }, systemClock);
    closing.push(() => transport.close());
    await transport.connect();
    return await onCluster(options, { cluster, admin, transport, closing }, log);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function onCluster(
  options: ChaosOptions,
  { cluster, admin, transport, closing }: Opened,
  log: (line: string) => void,
): Promise<ChaosResult> {
  const { seed, guarantee, only = '' } = options;
  const chosen = faults.filter(({ name }) => name.includes(only));
  const job = workload('');
  await transport.admin.create(job.topics);
  const fleet = await startFleet(cluster, guarantee, closing);
  const feed = startFeed(options, transport, job.input, closing);
  const progress = new Progress(admin, id, job.crossing(id));
  const random = seededRandom(seed);
  const common = { cluster, admin, fleet, job, id, random };
  const scene: Scene = { ...common, stopped: new Set(), beside: new Set(), say: log };
  const check = (): void => {
    if (feed.failure !== undefined) throw feed.failure;
    fleet.check();
  };
  let done = 0;
  try {
    done = await breaking(scene, feed, progress, check, chosen);
    log('all is healed; waiting until everything is done');
    await Promise.all(scene.beside);
    await feed.done();
    await progress.drained(check);
    await allRunning(fleet); // one that was held while it started does not know of SIGTERM yet
    log('everything is done; workers stop');
    await fleet.stop();
    await settled(scene);
    if (guarantee === 'at-least-once') await rebuilt(fleet);
    log('nothing is open, positions are at the end; now the verdict');
  } catch (error) {
    log(fleet.told);
    throw error;
  }
  const { sure, maybe } = feed;
  const exactlyOnce = guarantee === 'exactly-once';
  const verdict = await judge({ brokers: cluster.brokers, job, id, exactlyOnce, sure, maybe });
  const violations = [...verdict.violations, ...unexpectedErrors(feed, log)];
  return { ...verdict, faults: done, violations };
}

async function startFleet(
  { brokers }: KafkaCluster,
  guarantee: Guarantee,
  closing: Opened['closing'],
): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-chaos-'));
  closing.push(async () => rmSync(folder, { recursive: true, force: true }));
  const fleet = new Fleet(machines, folder, { id, prefix: '', brokers, guarantee });
  closing.push(() => fleet.remove());
  for (const machine of machines) fleet.start(machine);
  await allRunning(fleet);
  return fleet;
}

function allRunning(fleet: Fleet): Promise<void> {
  const { machines: all } = fleet;
  return eventually(systemClock, () => all.every((one) => fleet.at(one).state === 'running'), 120_000);
}

/** Rebuilds all state from the changelogs, which puts them right where late rows of former owners stand in them. */
async function rebuilt(fleet: Fleet): Promise<void> {
  const [machine] = fleet.machines;
  fleet.wipe(machine!);
  fleet.start(machine!);
  await eventually(systemClock, () => fleet.at(machine!).state === 'running', 120_000);
  await fleet.at(machine!).kill('SIGTERM');
}

function startFeed(
  { seed, minutes, records }: ChaosOptions,
  transport: Transport,
  topic: string,
  closing: Opened['closing'],
): Feed {
  const perSecond = records / (minutes * 60);
  const random = seededRandom(seed + 1);
  const feed = new Feed({ transport, topic, prefix: 'feed-', records, perSecond, random });
  closing.push(async () => {
    feed.stop();
    await feed.done().catch(() => {}); // the run has failed already where this fails
  });
  return feed;
}

function unexpectedErrors({ errors, aborted }: Feed, log: (line: string) => void): string[] {
  const counts = [...errors].map(([code, count]) => `${count} x ${code}`).join(', ');
  log(`${aborted} records aborted; errors of the feed: ${counts || 'none'}`);
  const unexpected = [...errors.keys()].filter((code) => !expectedErrors.has(code));
  return unexpected.map((code) => `a producer failed with ${code}`);
}

/** One fault after the other until everything is written. Mostly the next waits until the last is no longer felt. */
async function breaking(
  scene: Scene,
  feed: Feed,
  progress: Progress,
  check: () => void,
  chosen: readonly Fault[],
): Promise<number> {
  const { random, say } = scene;
  let count = 0;
  while (!feed.over) {
    const fault = byWeight(random, chosen);
    const [waits, pause] = [random() < 0.7, random() * 1_500];
    if (fault.possible?.(scene) === false) {
      await delay(systemClock, pause);
      continue;
    }
    await fault.run(scene);
    count++;
    check();
    const took = waits ? `, felt for ${Math.round(await progress.moved(check))} ms` : '';
    say(`${count} faults, ${feed.fed} records in, ${await progress.lag()} behind${took}`);
    await delay(systemClock, pause);
  }
  return count;
}

function byWeight(random: () => number, from: readonly Fault[]): Fault {
  let left = random() * from.reduce((sum, { weight }) => sum + weight, 0);
  for (const fault of from) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  return from.at(-1)!;
}

/** Nothing is open when all have stopped, and no position is behind. */
async function settled({ admin, job }: Scene): Promise<void> {
  await eventually(systemClock, async () => (await admin.unstable(job.written(id))).length === 0, 60_000);
  await eventually(systemClock, async () => (await admin.open('')).length === 0, 60_000);
  const positions = await admin.positions(id, job.crossing(id));
  const behind = [...positions].filter(([, { committed, end }]) => committed !== end);
  if (behind.length > 0) throw new Error(`positions are behind: ${JSON.stringify(behind)}`);
}
