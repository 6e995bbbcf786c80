import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { json, openClient, text } from 'millrace';
import { systemClock } from '../src/runtime/clock.ts';
import { kafkaTransport } from '../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../src/runtime/transport/transport.ts';
import { expected, jobNames, load, partitions } from './data.ts';
import { usage } from './processTree.ts';

// npm run bench -- --job=b --brokers=localhost:9092 --guarantee=eos: one job from a cold start until all input is
// committed; one JSON line on stdout, progress on stderr. Compare CPU per record of runs made side by side.
const { values } = parseArgs({
  options: {
    job: { type: 'string', default: 'b' },
    brokers: { type: 'string' },
    guarantee: { type: 'string', default: 'alo' },
    n: { type: 'string', default: '1000000' },
    store: { type: 'string', default: 'sqlite' },
    commit: { type: 'string' },
    engine: { type: 'string', default: 'millrace' },
    verify: { type: 'boolean', default: false },
  },
});
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const brokers = values.brokers ?? process.env['KAFKA_BROKERS'];
const problem = complaint();
if (problem === undefined) await bench(brokers!);
else {
  tell(problem);
  process.exitCode = 1;
}

function complaint(): string | undefined {
  if (brokers === undefined)
    return 'Say where Kafka is: --brokers=localhost:9092. `npm run kafka` starts one.';
  if (!jobNames.includes(values.job))
    return `There is no job ${values.job} yet; there are ${jobNames.join(', ')}.`;
  if (!['eos', 'alo'].includes(values.guarantee))
    return '--guarantee is eos (exactly-once) or alo (at-least-once).';
  if (!['millrace', 'kafkajs'].includes(values.engine)) return '--engine is millrace or kafkajs.';
  return Number.isSafeInteger(Number(values.n)) ? undefined : '--n is a number of records.';
}

async function bench(where: string): Promise<void> {
  if (!existsSync('dist/index.js')) spawnSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
  await using client = await openClient({ brokers: where });
  const count = Number(values.n);
  const inputs = await load(client, values.job, count, tell);
  const app = `millrace-bench-${values.job}-${Date.now().toString(36)}`;
  const out = `${app}-out`;
  await client.createTopics([{ topic: out, partitions }]);
  const transport = kafkaTransport({ brokers: where.split(','), clientId: 'millrace-bench' }, systemClock);
  await transport.connect();
  const state = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    const measured = await measure(transport, app, inputs, out, state, where);
    const found = values.verify ? await verify(client, out, count) : {};
    const { job, guarantee, engine, store } = values;
    console.log(JSON.stringify({ engine, job, guarantee, store, records: count, ...measured, ...found }));
  } finally {
    rmSync(state, { recursive: true, force: true });
    const topics = ['sums', 'per-minute', 'per-minute-time', 'per-item', 'users'].map(
      (store) => `${app}-${store}-changelog`,
    );
    await transport.admin.delete([out, ...topics, `${app}-per-item-repartition`]).catch(() => {});
    await transport.close();
  }
}

/** Starts the engine, waits until it has committed the end of every input, and stops it. */
async function measure(
  transport: Transport,
  app: string,
  inputs: readonly string[],
  out: string,
  state: string,
  where: string,
): Promise<object> {
  const commit = values.commit ?? (values.guarantee === 'eos' ? '100' : '1000');
  const begun = performance.now();
  const script = values.engine === 'kafkajs' ? 'bench/kafkajsFloor.js' : 'bench/engine.js';
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      BENCH_BROKER: where,
      BENCH_JOB: values.job,
      BENCH_APP: app,
      BENCH_IN: inputs.join(','),
      BENCH_OUT: out,
      BENCH_GUARANTEE: values.guarantee,
      BENCH_COMMIT_MS: commit,
      BENCH_STORE: values.store,
      BENCH_STATE_DIR: state,
    },
  });
  let firstMs: number | undefined;
  let failed: number | undefined;
  child.stdout.on('data', (chunk) => {
    if (String(chunk).includes('FIRST')) firstMs ??= performance.now() - begun;
  });
  const gone = new Promise<void>((resolve) => {
    child.on('exit', (code) => {
      failed = code ?? 1;
      resolve();
    });
  });
  const rss: number[] = [];
  let cpu = 0;
  for (let done = false; !done; ) {
    if (failed !== undefined) throw new Error(`The engine ended with ${failed}; its output is above.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = usage(child.pid!);
    rss.push(now.rssMiB);
    cpu = Math.max(cpu, now.cpu);
    done = await drained(transport, app, inputs);
  }
  const ms = performance.now() - begun;
  child.kill('SIGTERM');
  await gone;
  const perMillion = (seconds: number): number => Math.round((seconds / Number(values.n)) * 1e8) / 100;
  const every = Math.max(1, Math.floor(rss.length / 10));
  return {
    seconds: Math.round(ms / 10) / 100,
    firstSeconds: firstMs === undefined ? undefined : Math.round(firstMs / 10) / 100,
    recordsPerSecond: Math.round((Number(values.n) / ms) * 1000),
    cpuPerMillion: perMillion(cpu),
    peakRssMiB: Math.max(...rss),
    rssMiB: rss.filter((_, index) => index % every === 0),
  };
}

async function drained(transport: Transport, group: string, inputs: readonly string[]): Promise<boolean> {
  const crossing =
    values.job === 'f' && values.engine === 'millrace' ? [`${group}-per-item-repartition`] : [];
  const all = [...inputs, ...crossing].flatMap((topic) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  );
  const ends = await transport.admin.endOffsets(all, 'committed').catch(() => undefined);
  if (ends === undefined) return false; // the repartition topic is not there yet
  const committed = await transport.committed(group, all);
  return all.every((_, index) => (committed[index]?.offset ?? 0) >= ends[index]!);
}

/** Reads the output back and reduces it to what the input must give. */
async function verify(
  client: Awaited<ReturnType<typeof openClient>>,
  out: string,
  count: number,
): Promise<object> {
  const want = expected(values.job, count);
  const last = new Map<string, number>();
  let records = 0;
  for await (const { key, value } of client.read(
    out,
    { key: text, value: json<unknown>() },
    { until: 'end' },
  )) {
    records++;
    if (want.sum !== undefined) last.set(key ?? '', Number(value));
  }
  const sum = [...last.values()].reduce((total, value) => total + value, 0);
  const right = want.sum === undefined ? records === want.records : sum === want.sum;
  if (!right) process.exitCode = 1;
  return { outRecords: records, right };
}
