import type { Engine, Workload } from './engine.ts';
import { type BenchRecord, benchRecords, partitions, Tally } from './records.ts';

/* One engine doing one thing, alone in its process: told by its argument, answers with one JSON line on stdout. */
export interface Assignment {
  readonly module: string;
  readonly workload: Workload;
  readonly variant: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Records before the measured ones: a producer's in the same topic, a consumer's in one of their own. */
  readonly warmUp: number;
  readonly warmUpTopic: string;
  readonly records: number;
}

export interface Measured {
  readonly seconds: number;
  /** CPU of the whole process per record in µs. */
  readonly cpu: number;
  readonly user: number;
  readonly system: number;
  readonly rssMiB: number;
  /** Of what was consumed; a producer's is counted by whoever reads the topic. */
  readonly count: number;
  readonly checksum: number;
}

/** Records handed to a producer at once. */
const chunk = 1000;

if (process.argv[2] !== undefined) {
  const assignment = JSON.parse(process.argv[2]) as Assignment;
  const engine = (await import(assignment.module)) as Engine;
  const measured = await (assignment.workload === 'produce' ? produce : consume)(engine, assignment);
  console.log(JSON.stringify(measured));
  process.exit(0); // librdkafka may still have threads
}

async function produce(engine: Engine, assignment: Assignment): Promise<Measured> {
  const sender = await engine.produce(assignment);
  const pool = benchRecords().map((record: BenchRecord) => sender.prepare(record));
  const chunks = Array.from({ length: pool.length / chunk }, (_, index) =>
    pool.slice(index * chunk, (index + 1) * chunk),
  );
  const send = async (from: number, to: number) => {
    for (let at = from; at < to; at += chunk) await sender.send(chunks[(at / chunk) % chunks.length]!);
    await sender.flush();
  };
  await send(0, assignment.warmUp);
  const stop = start(assignment.records);
  await send(assignment.warmUp, assignment.warmUp + assignment.records);
  const measured = stop();
  await sender.close();
  return { ...measured, count: 0, checksum: 0 };
}

/**
 * The warm-up reads a topic of its own to its end: clients that read far ahead would otherwise have done much of their work
 * before the measured part begins. So the CPU is that from the call to the last record, joining a group included.
 */
async function consume(engine: Engine, assignment: Assignment): Promise<Measured> {
  const { warmUp, warmUpTopic, records } = assignment;
  await consumeAll(engine, { ...assignment, topic: warmUpTopic }, warmUp);
  return consumeAll(engine, assignment, records);
}

async function consumeAll(engine: Engine, assignment: Assignment, records: number): Promise<Measured> {
  const tally = new Tally();
  const done = Promise.withResolvers<Omit<Measured, 'count' | 'checksum'>>();
  const stop = start(records);
  let first = 0;
  const seen = (key: string | Buffer | null, value: string | Buffer | null) => {
    tally.add(key, value);
    if (tally.count === 1) first = performance.now();
    if (tally.count === records) done.resolve({ ...stop(), seconds: (performance.now() - first) / 1000 });
  };
  const committed = assignment.workload === 'consume-committed';
  const reading = await engine.consume({ ...assignment, partitions, committed, seen });
  const measured = await done.promise;
  await reading.close();
  return { ...measured, count: tally.count, checksum: tally.checksum };
}

function start(records: number): () => Omit<Measured, 'count' | 'checksum'> {
  const begun = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const rssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
    return {
      seconds,
      cpu: (user + system) / records,
      user: user / records,
      system: system / records,
      rssMiB,
    };
  };
}
