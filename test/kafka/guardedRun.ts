import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CommittedRecord, readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { openClient } from '../../src/index.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { behindOf } from '../../src/runtime/testing/behindOf.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import { eventually } from '../kit/eventually.ts';
import { type GuardedJob, guardedJob, orderCodecs, ordersFrom } from '../kit/guardedJob.ts';
import { tempFolder } from '../kit/tempFolder.ts';
import { brokers, shortestSession } from './brokers.ts';
import type { WorkerOptions } from './worker.child.ts';
import { WorkerProcess } from './workerProcess.ts';

/** The guarded job on Kafka, under names of its own, fed from here and worked on by other processes. */
export interface GuardedRun {
  readonly id: string;
  /** Of the names of its topics. */
  readonly prefix: string;
  readonly job: GuardedJob;
  /** Sends orders until the number fed is reached. */
  feed(before: number): Promise<void>;
  /** Sends so many orders a second until it is told to stop; the answer waits for the last. */
  feedOn(perSecond: number): () => Promise<void>;
  readonly fed: number;
  /** Another worker with its state in the folder of this machine. */
  worker(machine: string, options?: Partial<WorkerOptions>): WorkerProcess;
  /** As when a machine comes back with an empty disk. */
  wipe(machine: string): void;
  /** Waits until everything fed has been processed and committed. */
  drained(): Promise<void>;
  /** What Apache Kafka's own consumer finds committed in a topic. */
  committed(topic: string): Promise<CommittedRecord[]>;
}

/** ms within which workers are expected to be through, on a machine that has other things to do. */
const drainedWithin = 60_000;

const program = join(import.meta.dirname, 'worker.child.ts');

let runs = 0;

export async function guardedRun(settings: Partial<WorkerOptions> = {}): Promise<GuardedRun> {
  const id = `guarded-${process.pid}-${runs++}-${Date.now().toString(36)}`;
  const prefix = `${id}-`;
  const job = guardedJob(prefix);
  const folder = tempFolder();
  const client = await openClient({ brokers });
  const transport = kafkaTransport({ brokers, clientId: 'test' }, systemClock);
  await transport.connect();
  onTestFinished(async () => {
    await client.close();
    await transport.close();
  });
  await client.createTopics(job.topics);
  const workers: WorkerProcess[] = [];
  let fed = 0;
  const feed = async (before: number): Promise<void> => {
    const from = fed;
    fed = before;
    await client.send(job.orders, orderCodecs, ordersFrom(from, before));
  };
  return {
    id,
    prefix,
    job,
    feed,
    get fed() {
      return fed;
    },
    feedOn(perSecond) {
      let stopped = false;
      const feeding = (async () => {
        const begun = systemClock.monotonic();
        const first = fed;
        while (!stopped) {
          await feed(first + Math.floor(((systemClock.monotonic() - begun) / 1000) * perSecond));
          await delay(systemClock, 10);
        }
      })();
      feeding.catch(() => {}); // told by whoever waits for the end
      return () => {
        stopped = true;
        return feeding;
      };
    },
    worker(machine, options) {
      const all: WorkerOptions = {
        sessionTimeout: shortestSession,
        heartbeatInterval: shortestSession / 4,
        ...settings,
        ...options,
        id,
        prefix,
        brokers,
        stateDir: join(folder, machine),
      };
      const worker = new WorkerProcess(program, all);
      onTestFinished(() => worker.remove());
      workers.push(worker);
      return worker;
    },
    wipe: (machine) => rmSync(join(folder, machine), { recursive: true, force: true }),
    async drained() {
      const deadline = systemClock.monotonic() + drainedWithin;
      for (;;) {
        const behind = await behindOf(transport, id, job.crossing(id));
        const told = workers.map((worker) => `worker ${worker.pid}: ${worker.states}\n${worker.said}`);
        if (behind.length === 0) return;
        if (systemClock.monotonic() > deadline)
          throw new Error(`not drained in time:\n${[...behind, ...told].join('\n')}`);
        await delay(systemClock, 50);
      }
    },
    async committed(topic) {
      const partitions = [0, 1, 2].map((partition) => ({ topic, partition }));
      // The last transactions are decided, but their markers may still be on their way.
      await eventually(systemClock, async () => {
        const stable = await transport.admin.endOffsets(partitions, 'committed');
        const all = await transport.admin.endOffsets(partitions, 'uncommitted');
        return all.every((end, index) => end === stable[index]);
      });
      return readCommitted(brokers, topic);
    },
  };
}
