import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startKafka } from '../scripts/kafka/startKafka.ts';
import { noHeaders } from '../src/dsl/message.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { kafkaTransport } from '../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../src/runtime/transport/transport.ts';
import { usage } from './processTree.ts';

// npm run bench:latency -- --job=n --guarantee=eos --rate=1000: ms from handing a record to a producer until a read_committed
// reader has what the application made of it. The application has a process of its own, writing and reading share this one
// and its clock. --rate=0: what a worker costs that has nothing to do. One JSON line on stdout.
const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    job: { type: 'string', default: 'a' },
    guarantee: { type: 'string', default: 'alo' },
    commit: { type: 'string' },
    partitions: { type: 'string', default: '8' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    warmUp: { type: 'string', default: '5' },
  },
});
const commit = values.commit ?? (values.guarantee === 'eos' ? '100' : '1000');
const partitions = Number(values.partitions);
const keys = 1000;
const seconds = (count: number): Promise<void> => new Promise((done) => setTimeout(done, count * 1000));
/** Records sent, and those of each key. */
let serial = 0;
const times = new Map<string, number>();

if (!['a', 'n'].includes(values.job)) throw new Error('--job is a (stateless) or n (a count per key).');
if (!existsSync('dist/index.js')) spawnSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
const given = values.brokers ?? process.env['KAFKA_BROKERS'];
const cluster = given === undefined ? await startKafka({ nodes: 1 }) : undefined;
const brokers = given?.split(',') ?? cluster!.brokers;
const transport = kafkaTransport({ brokers, clientId: 'millrace-latency' }, systemClock);
const application = `millrace-latency-${Date.now().toString(36)}`;
const [input, output] = [`${application}-in`, `${application}-out`];
const state = mkdtempSync(join(tmpdir(), 'millrace-latency-'));
let child: ChildProcess | undefined;
try {
  await transport.connect();
  await transport.admin.create([input, output].map((topic) => ({ topic, partitions })));
  child = await startApplication();
  const found = values.rate === '0' ? await idle(child) : await latencies(transport, child);
  const { job, guarantee } = values;
  console.log(JSON.stringify({ job, guarantee, commitMs: Number(commit), partitions, ...found }));
} finally {
  child?.kill('SIGTERM');
  if (child?.exitCode === null) await once(child, 'exit');
  await transport.admin.delete([input, output, `${application}-per-user-changelog`]).catch(() => {});
  await transport.close();
  await cluster?.stop();
  rmSync(state, { recursive: true, force: true });
}

/** Resolves when it runs. */
async function startApplication(): Promise<ChildProcess> {
  const started = spawn(process.execPath, ['bench/engine.js'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      BENCH_BROKER: brokers.join(','),
      BENCH_JOB: values.job,
      BENCH_APP: application,
      BENCH_IN: input,
      BENCH_OUT: output,
      BENCH_GUARANTEE: values.guarantee,
      BENCH_COMMIT_MS: commit,
      BENCH_STATE_DIR: state,
    },
  });
  await new Promise<void>((resolve, reject) => {
    started.stdout!.on('data', (text) => String(text).includes('READY') && resolve());
    started.on('exit', (code) => reject(new Error(`the application ended with ${code}`)));
  });
  return started;
}

async function idle({ pid }: ChildProcess) {
  await seconds(Number(values.warmUp));
  const [begun, before] = [performance.now(), usage(pid!)];
  await seconds(Number(values.seconds));
  const after = usage(pid!);
  const percent = ((after.cpu - before.cpu) / ((performance.now() - begun) / 1000)) * 100;
  return { idleCpuPercent: Math.round(percent * 100) / 100, rssMiB: after.rssMiB };
}

async function latencies(on: Transport, { pid }: ChildProcess) {
  /** When the record was handed over that has this as its result. */
  const sent = new Map<string, number>();
  const measured: number[] = [];
  const reading = new AbortController();
  const read = readResults(on, sent, measured, reading.signal);
  await send(on, sent, Number(values.warmUp));
  await arrived(sent);
  measured.length = 0;
  const before = usage(pid!);
  await send(on, sent, Number(values.seconds));
  await arrived(sent);
  reading.abort();
  await read;
  const after = usage(pid!);
  const cpuPercent = Math.round(((after.cpu - before.cpu) / Number(values.seconds)) * 1000) / 10;
  measured.sort((a, b) => a - b);
  const at = (share: number) => Math.round(measured[Math.floor(measured.length * share)]! * 10) / 10;
  const percentiles = { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(0.999999) };
  return { rate: Number(values.rate), records: measured.length, ...percentiles, cpuPercent };
}

/** At an even pace, every record on its way at once. */
async function send(on: Transport, sent: Map<string, number>, length: number): Promise<void> {
  await on.admin.describe([input]);
  const producer = await on.producer({});
  const begun = performance.now();
  for (let count = 0; performance.now() - begun < length * 1000; ) {
    const due = ((performance.now() - begun) / 1000) * Number(values.rate);
    for (; count < due; count++) append(producer, sent);
    producer.flush().catch((error) => console.error(error));
    await seconds(0.001);
  }
  await producer.close();
}

function append(producer: Awaited<ReturnType<Transport['producer']>>, sent: Map<string, number>): void {
  const user = `u${String(serial % keys).padStart(5, '0')}`;
  const occurrence = (times.get(user) ?? 0) + 1;
  times.set(user, occurrence);
  // Job a hands on the time of the order: a number of our own. Job n answers with the count.
  const ts = serial++;
  const value = JSON.stringify({ user, amount: 99, ts, item: 'sku-0001', note: 'standard delivery' });
  sent.set(values.job === 'a' ? `${user} ${ts}` : `${user} ${occurrence}`, performance.now());
  producer.append(input, undefined, user, value, Date.now(), noHeaders);
}

async function readResults(
  on: Transport,
  sent: Map<string, number>,
  measured: number[],
  signal: AbortSignal,
): Promise<void> {
  const reader = on.reader({ isolation: 'committed', maxBytes: 16 << 20 });
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: output, partition, offset: 0 }));
  reader.assign(all);
  while (!signal.aborted) {
    const batches = await reader.poll(100);
    const now = performance.now();
    for (const batch of batches) {
      while (batch.next()) {
        const value = JSON.parse(batch.valueText()!) as number | { ts: number };
        const result = `${batch.keyText()} ${typeof value === 'number' ? value : value.ts}`;
        const since = sent.get(result);
        if (since !== undefined) measured.push(now - since);
        sent.delete(result);
      }
    }
  }
  await reader.close();
}

/** Everything that was sent has come out. */
async function arrived(sent: Map<string, number>): Promise<void> {
  for (let waited = 0; sent.size > 0; waited++) {
    if (waited === 600) throw new Error(`${sent.size} results did not come within a minute`);
    await seconds(0.1);
  }
}
