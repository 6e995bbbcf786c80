import { crc32c } from '@node-rs/crc32';
import type { Compression } from '../../src/runtime/transport/compression.ts';
import { compressions } from '../../src/runtime/transport/compression.ts';
import { readBatchHeader } from '../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { compress } from '../../src/runtime/transport/kafka/recordBatch/compression/compress.ts';
import { openBatch } from '../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import type { Batch } from '../../src/runtime/transport/transport.ts';
import { recordBatches } from '../runtime/transport/kafka/recordBatch/javaBatches.ts';
import { below, mutate, oneOf, type Random, randomBytes } from './mutate.ts';
import type { Target } from './target.ts';

const where = { topic: 'fuzzed', partition: 7 };
const headerBytes = 61;
/** The large ones would only make it slow. */
const small = recordBatches.filter(({ bytes }) => bytes.length < 3000);
const bytesOf = (batches: typeof small): Buffer[] => batches.map(({ bytes }) => Buffer.from(bytes, 'base64'));
const all = bytesOf(small);
const of = (codec: Compression) => bytesOf(small.filter(({ batches }) => batches[0]!.codec === codec));
const plain = of('none');
const compressed = (['gzip', 'snappy', 'lz4', 'zstd'] as const).map((codec) => ({
  codec,
  corpus: of(codec),
}));

/** Length, format and checksum made right again: with these wrong nothing behind them is looked at. */
function repaired(random: Random, batch: Buffer): Buffer {
  if (batch.length < headerBytes) return batch;
  if (random() < 0.95) batch.writeInt32BE(batch.length - 12, 8);
  if (random() < 0.95) batch[16] = 2;
  if (random() < 0.8) batch.writeUInt32BE(0, 0);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** Everything that a reader does with what it has fetched, and what it relies on. */
function readAll(bytes: Buffer): void {
  let header = readBatchHeader(bytes, 0, where);
  while (header !== undefined) {
    const { baseOffset, nextOffset, end } = header;
    holds(end > header.start && end <= bytes.length && nextOffset > baseOffset, 'a batch goes forward');
    const batch = openBatch(bytes, header, where);
    let last = baseOffset - 1;
    while (batch.next()) {
      holds(batch.offset > last && batch.offset < nextOffset, 'offsets ascend within the batch');
      holds(Number.isSafeInteger(batch.timestamp), 'timestamps are exact');
      last = batch.offset;
      readFields(batch);
    }
    holds(batch.remaining === 0, 'all records were read');
    header = readBatchHeader(bytes, end, where);
  }
}

function readFields(batch: Batch): void {
  holds(lengthOf(batch.keyBytes()) + lengthOf(batch.valueBytes()) <= batch.bytes, 'fields are in the batch');
  batch.headers();
  batch.keyText();
  batch.valueText();
}

function lengthOf(bytes: Buffer | null): number {
  return bytes === null ? 0 : bytes.length;
}

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`it does not hold that ${what}`);
}

function packed(batch: Buffer, records: Buffer): Buffer {
  return Buffer.concat([batch.subarray(0, headerBytes), records]);
}

const records: Target = {
  name: 'records',
  share: 36,
  make: (random) => repaired(random, mutate(random, oneOf(random, plain), oneOf(random, all))),
  run: readAll,
};

const several: Target = {
  name: 'several batches',
  share: 8,
  make: (random) => {
    const first = repaired(random, mutate(random, oneOf(random, plain), oneOf(random, all)));
    return mutate(random, Buffer.concat([oneOf(random, plain), first, oneOf(random, all)]), first);
  },
  run: readAll,
};

/** What is decompressed is damaged: the codec's own work. One that node:zlib does is dear, and tested elsewhere. */
const payloads: readonly Target[] = compressed.map(({ codec, corpus }) => ({
  name: codec,
  share: codec === 'snappy' || codec === 'lz4' ? 9 : 1,
  make: (random) => {
    const batch = oneOf(random, corpus);
    return repaired(
      random,
      packed(batch, mutate(random, batch.subarray(headerBytes), oneOf(random, corpus))),
    );
  },
  run: readAll,
}));

/** What is decompressed is whole, what it stands for is not. */
const within: Target = {
  name: 'compressed records',
  share: 2,
  make: (random) => {
    const batch = Buffer.from(oneOf(random, plain));
    const codec = random() < 0.5 ? 'snappy' : 'lz4';
    batch[22] = (batch[22]! & ~7) | compressions.indexOf(codec);
    return repaired(
      random,
      packed(batch, compress(codec, mutate(random, batch.subarray(headerBytes), batch))),
    );
  },
  run: readAll,
};

const noise: Target = {
  name: 'random bytes',
  share: 8,
  make: (random) => {
    const bytes = randomBytes(random, below(random, 200));
    return random() < 0.5 ? bytes : repaired(random, bytes);
  },
  run: readAll,
};

export const batchTargets: readonly Target[] = [records, several, ...payloads, within, noise];
