import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startKafka } from '../../scripts/kafka/startKafka.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import type { Assignment, Measured } from './child.ts';
import type { Engine, Workload } from './engine.ts';
import type { Tally } from './records.ts';
import { type Run, table } from './table.ts';
import { createTopic, expectedOf, fill, fillCommitted, readBack } from './topics.ts';

// npm run bench:clients -- --records=1000000 --rounds=3: what a record costs in each Kafka client for Node. Every run has a
// process of its own and they take turns; one JSON line per run on stdout, then a table; progress on stderr.
const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    engines: { type: 'string', default: 'millrace,kafkajs,platformatic,confluent' },
    workloads: { type: 'string', default: 'produce,consume,consume-committed' },
  },
});
const modules: Readonly<Record<string, string>> = {
  millrace: './engines/millrace.ts',
  kafkajs: './engines/kafkajs.js',
  platformatic: './engines/platformatic.js',
  confluent: './engines/confluent.js',
};
const records = Number(values.records);
const rounds = Number(values.rounds);
const warmUp = 100_000;
const longestRunMs = 300_000;
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

const given = values.brokers ?? process.env['KAFKA_BROKERS'];
const cluster = given === undefined ? await startKafka({ nodes: 1, log: tell }) : undefined;
const brokers = given?.split(',') ?? cluster!.brokers;
const transport = kafkaTransport({ brokers, clientId: 'millrace-bench' }, systemClock);
try {
  await transport.connect();
  const engines = await installed(values.engines.split(','));
  const runs: Run[] = [];
  for (const workload of values.workloads.split(',') as Workload[]) {
    runs.push(...(await race(transport, workload, engines)));
  }
  console.log(table(runs));
  if (runs.some(({ engine, right }) => engine === 'millrace' && !right)) process.exitCode = 1;
} finally {
  await transport.close();
  await cluster?.stop();
}

/** Those that can be loaded; of the others it is said why not. */
async function installed(names: readonly string[]): Promise<ReadonlyMap<string, Engine>> {
  const engines = new Map<string, Engine>();
  for (const name of names) {
    try {
      engines.set(name, (await import(modules[name]!)) as Engine);
    } catch (error) {
      const why = String(error).split('\n')[0];
      console.log(JSON.stringify({ engine: name, skipped: why }));
      tell(
        `${name} is left out: ${why}\nThe peers are in bench/clients/package.json: npm ci --prefix bench/clients`,
      );
    }
  }
  return engines;
}

async function race(
  to: Transport,
  workload: Workload,
  engines: ReadonlyMap<string, Engine>,
): Promise<readonly Run[]> {
  const ways = [...engines].flatMap(([engine, { variants, version }]) =>
    variants[workload].map((variant) => ({ engine, version, variant })),
  );
  const prefix = `millrace-clients-${workload}-${Date.now().toString(36)}`;
  const warmUpTopic = `${prefix}-warm-up`;
  tell(`${workload}: making what it needs`);
  const make = workload === 'consume' ? fill : fillCommitted;
  if (workload !== 'produce') await make(to, warmUpTopic, warmUp);
  const expected = workload === 'produce' ? expectedOf(warmUp + records) : await make(to, prefix, records);
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another, so that none always comes after the same.
    const order = ways.map((_, index) => ways[(index + round * 2) % ways.length]!);
    for (const [index, way] of order.entries()) {
      const topic = workload === 'produce' ? `${prefix}-${round}-${index}` : prefix;
      if (workload === 'produce') await createTopic(to, topic);
      const module = modules[way.engine]!;
      const { variant } = way;
      const measured = await runAlone({
        module,
        workload,
        variant,
        brokers,
        topic,
        warmUp,
        warmUpTopic,
        records,
      });
      const found = workload === 'produce' && measured !== undefined ? await readBack(to, topic) : measured;
      if (workload === 'produce') await to.admin.delete([topic]);
      const run: Run = { workload, ...way, records, ...measured, ...compare(found, expected) };
      runs.push(run);
      console.log(JSON.stringify(run));
    }
  }
  if (workload !== 'produce') await to.admin.delete([prefix, warmUpTopic]);
  return runs;
}

function compare(found: Pick<Tally, 'count' | 'checksum'> | undefined, expected: Tally) {
  const right = found?.count === expected.count && found.checksum === expected.checksum;
  return { count: found?.count ?? 0, checksum: found?.checksum ?? 0, right };
}

/** undefined: it has failed, which it tells on stderr itself, or taken too long. */
async function runAlone(assignment: Assignment): Promise<Measured | undefined> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=millrace:source',
      new URL('./child.ts', import.meta.url).pathname,
      JSON.stringify(assignment),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' } },
  );
  let out = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  const tooLong = setTimeout(() => child.kill('SIGKILL'), longestRunMs);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  clearTimeout(tooLong);
  const line = out.split('\n').find((text) => text.startsWith('{"seconds"'));
  if (line !== undefined) return JSON.parse(line) as Measured;
  tell(`${assignment.module} ${assignment.variant} ended with ${exitCode} and no result`);
  return undefined;
}
