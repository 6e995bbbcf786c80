import { readdirSync, readlinkSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { noHeaders } from '../src/dsl/message.ts';
import { delay, systemClock } from '../src/runtime/clock.ts';
import { kafkaTransport } from '../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Producer, Transport } from '../src/runtime/transport/transport.ts';
import { usage } from './processTree.ts';

// node --conditions=millrace:source bench/transactions.ts --brokers=localhost:9092 --mode=task --tasks=64 --rate=10000
// What the transactions of a worker cost: one for each task, as millrace has them, or one for all tasks of the worker
// (--mode=worker). One JSON line for each run. --records: so many in each commit of a task, instead of a rate.
const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: process.env['KAFKA_BROKERS'] ?? 'localhost:9092' },
    'broker-pids': { type: 'string', default: '' },
    mode: { type: 'string', default: 'task' },
    tasks: { type: 'string', default: '1' },
    /** Partitions each task writes to: 1 of its own, or all there are. */
    partitions: { type: 'string', default: '1' },
    interval: { type: 'string', default: '100' },
    /** Tasks commit one after the other over the interval, not all at its end. */
    stagger: { type: 'boolean', default: false },
    records: { type: 'string' },
    rate: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '8' },
  },
});
const brokerPids = values['broker-pids'].split(',').filter(Boolean).map(Number);
const tasks = Number(values.tasks);
const spread = Number(values.partitions);
const intervalMs = Number(values.interval);
const rate = values.rate === 'full' ? Number.POSITIVE_INFINITY : Number(values.rate);
const name = `transactions-${systemClock.now().toString(36)}`;
const value = 'x'.repeat(100);
/** As in activeTask.ts: what a task waits at, and how many are opened side by side. */
const mostPending = 32 << 20;
const openAtOnce = 4;

/** What commits as one: one task, or all of a worker. */
interface Unit {
  readonly producer: Producer;
  /** Partitions it writes to, one after the other. */
  readonly partitions: readonly number[];
  /** Of the source, whose positions it commits. */
  readonly sources: readonly number[];
  turn: number;
  appended: number;
  committing: boolean;
  /** On the monotonic clock. */
  nextCommit: number;
}

interface Counted {
  readonly latencies: number[];
  committed: number;
  failed: Error | undefined;
}

const transport = kafkaTransport({ brokers: values.brokers.split(','), clientId: 'bench' }, systemClock);
await transport.connect();
const partitionCount = Math.max(tasks, spread);
await transport.admin.create([
  { topic: name, partitions: partitionCount },
  { topic: `${name}-source`, partitions: tasks },
]);
await transport.admin.describe([name]);
const idle = { sockets: sockets(), rssMiB: rss() };
const [units, coldMs] = await opened(transport);
await measured(units, 2_000);
const before = { cpu: process.cpuUsage(), broker: brokerCpu(), at: systemClock.monotonic() };
const counted = await measured(units, Number(values.seconds) * 1000);
const seconds = (systemClock.monotonic() - before.at) / 1000;
const { user, system } = process.cpuUsage(before.cpu);
const [brokerSeconds, found] = [brokerCpu() - before.broker, { sockets: sockets(), rssMiB: rss() }];
const [, fenceMs] = await fencedOver(units);
const sorted = counted.latencies.sort((a, b) => a - b);
const at = (share: number): number => rounded(sorted[Math.floor(share * sorted.length)] ?? Number.NaN);
console.log(
  JSON.stringify({
    mode: values.mode,
    tasks,
    staggered: values.stagger,
    partitions: spread,
    intervalMs,
    records: values.records === undefined ? `${values.rate}/s` : Number(values.records),
    recordsPerSecond: Math.round(counted.committed / seconds),
    commitsPerSecond: rounded(sorted.length / seconds),
    commitP50: at(0.5),
    commitP99: at(0.99),
    clientCpuPercent: rounded((user + system) / 10_000 / seconds),
    brokerCpuPercent: rounded((100 * brokerSeconds) / seconds),
    sockets: found.sockets - idle.sockets,
    rssMiB: found.rssMiB - idle.rssMiB,
    openColdMs: Math.round(coldMs),
    openFencingMs: Math.round(fenceMs),
  }),
);
await transport.close();

/** Producers for all units, with the time it took. */
async function opened(from: Transport): Promise<[Unit[], number]> {
  const begun = systemClock.monotonic();
  const all = Array.from({ length: tasks }, (_, task) => task);
  const open = async (id: string, own: readonly number[]): Promise<Unit> => ({
    producer: await from.producer({ transactionalId: `${name}-${id}`, transactionTimeoutMs: 10_000 }),
    partitions: spread === 1 ? own : Array.from({ length: spread }, (_, partition) => partition),
    sources: own,
    turn: 0,
    appended: 0,
    committing: false,
    nextCommit: 0,
  });
  const units: Unit[] = [];
  if (values.mode === 'worker') units.push(await open('worker', all));
  else {
    const missing = [...all];
    const lane = async (): Promise<void> => {
      for (let task = missing.shift(); task !== undefined; task = missing.shift())
        units.push(await open(`${task}`, [task]));
    };
    await Promise.all(Array.from({ length: openAtOnce }, lane));
  }
  return [units, systemClock.monotonic() - begun];
}

/** Leaves a transaction of each unit open, as killed workers do, and opens their successors. */
async function fencedOver(units: readonly Unit[]): Promise<[Unit[], number]> {
  for (const unit of units) append(unit);
  await Promise.all(units.map(({ producer }) => producer.flush()));
  return opened(transport);
}

function append(unit: Unit): void {
  const partition = unit.partitions[unit.turn++ % unit.partitions.length];
  unit.producer.append(name, partition, `${unit.turn}`, value, 1_700_000_000_000, noHeaders);
  unit.appended++;
}

async function commit(unit: Unit, counted: Counted): Promise<void> {
  const { appended } = unit;
  if (appended === 0 || unit.committing) return;
  unit.committing = true;
  unit.appended = 0;
  const begun = systemClock.monotonic();
  const topic = `${name}-source`;
  const offsets = unit.sources.map((partition) => ({ topic, partition, offset: unit.turn, metadata: '' }));
  await unit.producer.commit({ group: name, generation: -1, memberId: '', offsets });
  counted.latencies.push(systemClock.monotonic() - begun);
  counted.committed += appended;
  unit.committing = false;
}

async function measured(units: readonly Unit[], ms: number): Promise<Counted> {
  const counted: Counted = { latencies: [], committed: 0, failed: undefined };
  const until = systemClock.monotonic() + ms;
  if (values.records === undefined) await atRate(units, until, counted);
  else await Promise.all(units.map((unit) => oneByOne(unit, until, counted, Number(values.records))));
  if (counted.failed !== undefined) throw counted.failed;
  return counted;
}

/** So many records in each transaction of a task, one transaction after the other. */
async function oneByOne(unit: Unit, until: number, counted: Counted, records: number): Promise<void> {
  while (systemClock.monotonic() < until) {
    const begun = systemClock.monotonic();
    for (let count = records * unit.sources.length; count > 0; count--) append(unit);
    await commit(unit, counted);
    const left = begun + intervalMs - systemClock.monotonic();
    if (left > 0) await delay(systemClock, left);
  }
}

/** As worker.ts: slices of work, and at each interval all tasks commit that are not committing yet. */
async function atRate(units: readonly Unit[], until: number, counted: Counted): Promise<void> {
  const under = new Set<Promise<void>>();
  const begun = systemClock.monotonic();
  let [appended, turn] = [0, 0];
  for (const [index, unit] of units.entries()) {
    unit.nextCommit = begun + (values.stagger ? ((1 + index) / units.length) * intervalMs : intervalMs);
  }
  while (systemClock.monotonic() < until && counted.failed === undefined) {
    const sliceEnd = systemClock.monotonic() + 8;
    const due = (): number => ((systemClock.monotonic() - begun) * rate) / 1000;
    for (let full = 0; full < units.length && appended < due() && systemClock.monotonic() < sliceEnd; ) {
      const unit = units[turn++ % units.length]!;
      full++;
      if (unit.producer.pendingBytes >= mostPending / units.length) continue;
      full = 0;
      for (let count = 0; count < 64 && appended < due(); count++, appended++) append(unit);
    }
    for (const unit of units) {
      const now = systemClock.monotonic();
      if (now < unit.nextCommit) continue;
      unit.nextCommit = Math.max(unit.nextCommit + intervalMs, now);
      const one = commit(unit, counted).catch((error: Error) => {
        counted.failed = error;
      });
      under.add(one);
      void one.then(() => under.delete(one));
    }
    if (rate === Number.POSITIVE_INFINITY) await systemClock.breathe();
    else await delay(systemClock, 2);
  }
  await Promise.all(under);
}

function brokerCpu(): number {
  return brokerPids.reduce((sum, pid) => sum + usage(pid).cpu, 0);
}

function sockets(): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the one of the listing itself
    }
  });
  return links.filter((link) => link.startsWith('socket:')).length;
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / (1 << 20));
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}
