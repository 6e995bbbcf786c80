import type { KafkaCluster } from '../../scripts/kafka/startKafka.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { eventually } from '../kit/eventually.ts';
import type { ClusterAdmin } from './clusterAdmin.ts';
import { coordinatingPartition } from './coordinatingPartition.ts';
import type { Fleet } from './fleet.ts';
import { partitions, type Workload } from './workload.ts';

/** What faults are done to. */
export interface Scene {
  readonly cluster: KafkaCluster;
  readonly admin: ClusterAdmin;
  readonly fleet: Fleet;
  readonly job: Workload;
  readonly id: string;
  readonly random: () => number;
  /** Machines whose worker stands still: left alone until it goes on. */
  readonly stopped: Set<string>;
  /** Work that goes on beside other faults: a worker that stands still for a minute. */
  readonly beside: Set<Promise<void>>;
  readonly say: (line: string) => void;
}

/** Breaks something, says what, and resolves when it is healed. */
export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** Whether it can be done now; always, where it does not say. */
  readonly possible?: (scene: Scene) => boolean;
  run(scene: Scene): Promise<void>;
}

/** ms a worker stands still: ten times its session. */
const beyondTheSession = 60_000;

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

async function killWorker({ fleet, random, stopped, say }: Scene): Promise<void> {
  const machine = pick(
    random,
    fleet.machines.filter((one) => !stopped.has(one)),
  );
  const wiped = random() < 0.2;
  const pause = random() * 2_000;
  say(`worker ${machine}: SIGKILL${wiped ? ', its state folder is deleted' : ''}`);
  await fleet.at(machine).kill('SIGKILL');
  if (wiped) fleet.wipe(machine);
  await delay(systemClock, pause);
  fleet.start(machine);
}

async function restartWorker({ fleet, random, stopped, say }: Scene): Promise<void> {
  const machine = pick(
    random,
    fleet.machines.filter((one) => !stopped.has(one)),
  );
  say(`worker ${machine}: SIGTERM`);
  await fleet.at(machine).kill('SIGTERM');
  fleet.start(machine);
}

async function holdWorker({ fleet, random, stopped, say }: Scene): Promise<void> {
  const machine = pick(
    random,
    fleet.machines.filter((one) => !stopped.has(one)),
  );
  const ms = 500 + random() * 4_000;
  say(`worker ${machine}: SIGSTOP for ${Math.round(ms)} ms`);
  await fleet.at(machine).kill('SIGSTOP');
  await delay(systemClock, ms);
  await fleet.at(machine).kill('SIGCONT');
}

/** One at a time; the others go on and take over. */
async function stopWorker({ fleet, random, stopped, beside, say }: Scene): Promise<void> {
  const machine = pick(random, fleet.machines);
  say(`worker ${machine}: SIGSTOP for ${beyondTheSession} ms`);
  stopped.add(machine);
  await fleet.at(machine).kill('SIGSTOP');
  const standing = delay(systemClock, beyondTheSession).then(async () => {
    say(`worker ${machine}: SIGCONT`);
    await fleet.at(machine).kill('SIGCONT');
    stopped.delete(machine);
  });
  beside.add(standing);
  void standing.finally(() => beside.delete(standing)).catch(() => {}); // whoever waits for all of them is told
}

/** Never below the quorum: every replica is in sync before a broker is touched. */
async function whole({ admin }: Scene): Promise<void> {
  await eventually(
    systemClock,
    () =>
      admin.unhealthy().then(
        (count) => count === 0,
        () => false,
      ),
    120_000,
  );
}

async function pauseBroker(scene: Scene): Promise<void> {
  const node = Math.floor(scene.random() * 3);
  await whole(scene);
  scene.say(`broker ${node}: SIGSTOP for 1500 ms`);
  await scene.cluster.kill(node, 'SIGSTOP');
  await delay(systemClock, 1_500);
  await scene.cluster.kill(node, 'SIGCONT');
}

async function endBroker(scene: Scene, node: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const pause = scene.random() * 3_000;
  await scene.cluster.kill(node, signal);
  await delay(systemClock, pause);
  await scene.cluster.restart(node);
  await whole(scene);
  await scene.admin.elect().catch(() => {}); // a convenience: leaders would stay where they have moved
}

function breakBroker(signal: 'SIGKILL' | 'SIGTERM'): Fault['run'] {
  return async (scene) => {
    const node = Math.floor(scene.random() * 3);
    await whole(scene);
    scene.say(`broker ${node}: ${signal}`);
    await endBroker(scene, node, signal);
  };
}

/** Tasks commit several times a second: some EndTxn is under way then. */
async function killTransactionCoordinator(scene: Scene): Promise<void> {
  const task = pick(scene.random, scene.job.transactionalIds(scene.id));
  await whole(scene);
  const leader = await scene.admin.leader('__transaction_state', coordinatingPartition(task));
  if (leader < 0) return;
  scene.say(`broker ${leader - 1}: SIGKILL, it coordinates the transactions of ${task}`);
  await endBroker(scene, leader - 1, 'SIGKILL');
}

async function killGroupCoordinator(scene: Scene): Promise<void> {
  await whole(scene);
  const leader = await scene.admin.leader('__consumer_offsets', coordinatingPartition(scene.id));
  if (leader < 0) return;
  scene.say(`broker ${leader - 1}: SIGKILL, it coordinates the group`);
  await endBroker(scene, leader - 1, 'SIGKILL');
}

/** Several moves in a row, each while the one before is still felt. */
function moveLeaders(what: (scene: Scene) => readonly [topic: string, partition: number]): Fault['run'] {
  return async (scene) => {
    const count = 1 + Math.floor(scene.random() * 5);
    const moved: string[] = [];
    for (let move = 0; move < count; move++) {
      const [topic, partition] = what(scene);
      const broker = 1 + Math.floor(scene.random() * 3);
      const reached = await scene.admin.move(topic, partition, broker).catch((error: Error) => error.message);
      moved.push(`${topic}-${partition} to ${reached}`);
    }
    scene.say(`leaders moved: ${moved.join(', ')}`);
  };
}

const dataPartition = ({ random, job, id }: Scene): readonly [string, number] => [
  pick(random, job.written(id)),
  Math.floor(random() * partitions),
];
const transactionCoordinator = ({ random, job, id }: Scene): readonly [string, number] => [
  '__transaction_state',
  coordinatingPartition(pick(random, job.transactionalIds(id))),
];
const groupCoordinator = ({ id }: Scene): readonly [string, number] => [
  '__consumer_offsets',
  coordinatingPartition(id),
];

export const faults: readonly Fault[] = [
  { name: 'kill worker', weight: 5, run: killWorker },
  { name: 'restart worker', weight: 2, run: restartWorker },
  { name: 'hold worker', weight: 2, run: holdWorker },
  { name: 'stop worker', weight: 2, possible: ({ stopped }) => stopped.size === 0, run: stopWorker },
  { name: 'move leaders', weight: 4, run: moveLeaders(dataPartition) },
  { name: 'move transaction coordinators', weight: 3, run: moveLeaders(transactionCoordinator) },
  { name: 'move group coordinator', weight: 1, run: moveLeaders(groupCoordinator) },
  { name: 'pause broker', weight: 3, run: pauseBroker },
  { name: 'kill broker', weight: 2, run: breakBroker('SIGKILL') },
  { name: 'stop broker', weight: 1, run: breakBroker('SIGTERM') },
  { name: 'kill transaction coordinator', weight: 2, run: killTransactionCoordinator },
  { name: 'kill group coordinator', weight: 1, run: killGroupCoordinator },
];
