import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

// npm run bench:codec -- --against=../other-checkout: ns per record of the record-batch codec, records of 100 bytes (key 8,
// value 84); one JSON line on stdout. With --against the same of another checkout, in turns in the same process: compare by
// `toOther`, the median of the ratios round by round. `--compression=lz4,zstd` adds what these cost. Only the batch is measured, no broker and no socket.
const { values: options } = parseArgs({
  options: {
    against: { type: 'string' },
    compression: { type: 'string', default: '' },
    rounds: { type: 'string', default: '31' },
    records: { type: 'string', default: '10000' },
  },
});
const rounds = Number(options.rounds);
const count = Number(options.records);
const folder = 'src/runtime/transport/kafka/recordBatch';
const timestamp = 1_700_000_000_000;

type Writer = typeof import('../src/runtime/transport/kafka/recordBatch/batchWriter.ts');
type Header = typeof import('../src/runtime/transport/kafka/recordBatch/batchHeader.ts');
type Opener = typeof import('../src/runtime/transport/kafka/recordBatch/openBatch.ts');
type Probe = () => void;

const where = { topic: 'bench', partition: 0 };
const origin = { producerId: 7, producerEpoch: 0, baseSequence: 0, transactional: false };
const names = Array.from(
  { length: count },
  (_, index) => `k${String((index * 7919) % count).padStart(7, '0')}`,
);
const texts = names.map((name, index) => `{"user":"${name}","amount":${index % 977}}`.padEnd(84, ' '));
const keys = names.map((name) => Buffer.from(name));
const values = texts.map((text) => Buffer.from(text));

/** What is measured of one checkout. */
async function probesOf(checkout: string): Promise<Record<string, Probe>> {
  const load = (file: string): Promise<unknown> =>
    import(pathToFileURL(resolve(checkout, folder, file)).href);
  const { BatchWriter } = (await load('batchWriter.ts')) as Writer;
  const { readBatchHeader } = (await load('batchHeader.ts')) as Header;
  const { openBatch } = (await load('openBatch.ts')) as Opener;
  const writer = new BatchWriter();
  const fill = (of: readonly (string | Buffer)[], and: readonly (string | Buffer)[]): void => {
    writer.reset();
    for (let index = 0; index < count; index++)
      writer.append(of[index]!, and[index]!, timestamp + index, [], 2 ** 30);
  };
  fill(keys, values);
  const batch = Buffer.from(writer.seal(origin));
  const open = (bytes: Buffer) => openBatch(bytes, readBatchHeader(bytes, 0, where)!, where);
  const probes: Record<string, Probe> = {
    encodeBytes: () => {
      fill(keys, values);
      writer.seal(origin);
    },
    encodeText: () => {
      fill(names, texts);
      writer.seal(origin);
    },
    decode: () => {
      const records = open(batch);
      while (records.next()) sink += records.offset;
    },
    decodeBytes: () => {
      const records = open(batch);
      while (records.next()) sink += records.keyBytes()!.length + records.valueBytes()!.length;
    },
    decodeText: () => {
      const records = open(batch);
      while (records.next()) sink += records.keyText()!.length + records.valueText()!.length;
    },
  };
  fill(keys, values);
  for (const compression of options.compression.split(',').filter(Boolean) as 'lz4'[]) {
    const compressed = Buffer.from(writer.seal({ ...origin, compression }));
    sizes[compression] = Number((compressed.length / batch.length).toFixed(3));
    probes[`${compression}Encode`] = () => {
      fill(keys, values);
      writer.seal({ ...origin, compression });
    };
    probes[`${compression}Decode`] = () => {
      const records = open(compressed);
      while (records.next()) sink += records.offset;
    };
  }
  return probes;
}

/** So that nothing is optimised away. */
let sink = 0;
/** Of the compressed batch, against 1 uncompressed. */
const sizes: Record<string, number> = {};

const here = await probesOf(resolve(import.meta.dirname, '..'));
const there = options.against === undefined ? {} : await probesOf(options.against);
const taken = new Map<string, number[]>();
const ratios = new Map<string, number[]>();
const warmUp = 5;
for (let round = 0; round < rounds + warmUp; round++) {
  for (const [name, probe] of Object.entries(here)) {
    const other = there[name];
    // In turns, so that neither always finds the caches as the other left them.
    const before = other !== undefined && round % 2 === 0 ? measure(other) : undefined;
    const own = measure(probe);
    const against = other === undefined ? undefined : (before ?? measure(other));
    if (round < warmUp) continue;
    keep(taken, name, own);
    if (against !== undefined) keep(ratios, name, own / against);
  }
}

function measure(probe: Probe): number {
  const started = process.hrtime.bigint();
  probe();
  return Number(process.hrtime.bigint() - started) / count;
}

function keep(lists: Map<string, number[]>, name: string, measured: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [measured]);
  else list.push(measured);
}

function medians(lists: Map<string, number[]>, digits: number): Record<string, number> {
  const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;
  return Object.fromEntries([...lists].map(([name, list]) => [name, Number(median(list).toFixed(digits))]));
}

const nsPerRecord = medians(taken, 1);
const against = options.against === undefined ? {} : { toOther: medians(ratios, 3) };
const { version } = process;
console.log(
  JSON.stringify({
    bench: 'codec',
    node: version,
    records: count,
    rounds,
    nsPerRecord,
    ...against,
    sizes,
    sink,
  }),
);
