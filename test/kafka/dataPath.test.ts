import { gzipSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { afterEach, describe, expect, it } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { type Headers, noHeaders } from '../../src/dsl/message.ts';
import { MillraceError } from '../../src/errors.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { admin } from '../../src/runtime/transport/kafka/admin.ts';
import { committed } from '../../src/runtime/transport/kafka/committed.ts';
import { type Connection, openConnection } from '../../src/runtime/transport/kafka/connection.ts';
import { createReader } from '../../src/runtime/transport/kafka/fetcher.ts';
import { createProducer } from '../../src/runtime/transport/kafka/producer.ts';
import { produce } from '../../src/runtime/transport/kafka/protocol/produce.ts';
import type { Request } from '../../src/runtime/transport/kafka/protocol/request.ts';
import { BatchWriter } from '../../src/runtime/transport/kafka/recordBatch/batchWriter.ts';
import { RequestLost } from '../../src/runtime/transport/kafka/requestLost.ts';
import type { Producer, TopicPartition } from '../../src/runtime/transport/transport.ts';
import { brokers, javaMissing } from './brokers.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let names = 0;
const unused = (of: string) => `${of}-${process.pid}-${Date.now().toString(36)}-${names++}`;

async function connect(): Promise<Connection> {
  const connection = openConnection({ brokers }, systemClock);
  closing.push(() => connection.close());
  await connection.open();
  return connection;
}

async function newTopic(
  connection: Connection,
  partitions = 1,
  config: Record<string, string> = {},
): Promise<string> {
  const topic = unused('data');
  await admin(connection, systemClock).create([{ topic, partitions, config }]);
  return topic;
}

interface Seen {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Headers;
}

async function readAll(connection: Connection, of: TopicPartition, maxBytes = 1_000_000): Promise<Seen[]> {
  const reader = createReader(connection, { isolation: 'committed', maxBytes }, systemClock);
  reader.assign([{ ...of, offset: 0 }]);
  const seen: Seen[] = [];
  while (reader.position(of) < (reader.end(of) ?? Number.POSITIVE_INFINITY)) {
    for (const batch of await reader.poll(1000)) {
      while (batch.next())
        seen.push({ key: batch.keyText(), value: batch.valueText(), headers: batch.headers() });
    }
  }
  await reader.close();
  return seen;
}

/** A batch that some other client compressed: one that says less about its sizes than ours do. */
function gzipped(count: number): Buffer {
  const writer = new BatchWriter();
  for (let index = 0; index < count; index++)
    writer.append(null, `${index % 10}`, systemClock.now(), noHeaders, 2 ** 30);
  const plain = writer.seal({ producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false });
  const batch = Buffer.concat([plain.subarray(0, 61), gzipSync(plain.subarray(61))]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(1, 21);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

describe('createReader on a broker', () => {
  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'reads what the broker has compressed with %s',
    async (codec) => {
      const connection = await connect();
      const topic = await newTopic(connection, 1, { 'compression.type': codec });
      const producer = await createProducer(connection, {}, systemClock);
      const records = Array.from({ length: 3000 }, (_, index) => ({
        key: index % 5 === 0 ? null : `k${index % 50}`,
        value: index % 7 === 0 ? null : `value ${index} ${'größer '.repeat(index % 20)}`,
        headers: (index % 100 === 0 ? [['h', Buffer.from(`${index}`)]] : []) as Headers,
      }));
      for (const { key, value, headers } of records)
        producer.append(topic, 0, key, value, systemClock.now(), headers);
      await producer.flush();
      expect(await readAll(connection, { topic, partition: 0 })).toEqual(records);
    },
  );

  it('reads a batch of 130 000 records', async () => {
    const connection = await connect();
    const topic = await newTopic(connection);
    await connection.topics([topic]);
    const { leader } = connection.known(topic)!.partitions[0]!;
    const request = produce(null, 10_000, [[topic, [{ partition: 0, records: gzipped(130_000) }]]]);
    expect(await connection.send(leader, 'test', request)).toMatchObject([{ errorCode: 0 }]);
    const seen = await readAll(connection, { topic, partition: 0 });
    expect(seen).toHaveLength(130_000);
    expect(seen.every(({ value }, index) => value === `${index % 10}`)).toBe(true);
  });

  it('reads records far larger than what it may hold', async () => {
    const connection = await connect();
    const topic = await newTopic(connection, 2);
    const producer = await createProducer(connection, {}, systemClock);
    const values = ['a', 'b', 'c'].map((letter) => letter.repeat(900_000));
    for (const value of values) producer.append(topic, 0, null, value, systemClock.now(), noHeaders);
    await producer.flush();
    const seen = await readAll(connection, { topic, partition: 0 }, 10_000);
    expect(seen.map(({ value }) => value)).toEqual(values);
  });

  it('gives a record within a few milliseconds of its being written', async () => {
    const connection = await connect();
    const topic = await newTopic(connection);
    const producer = await createProducer(connection, {}, systemClock);
    const reader = createReader(connection, { isolation: 'committed', maxBytes: 1_000_000 }, systemClock);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const latencies: number[] = [];
    for (let round = 0; round < 30; round++) {
      const started = performance.now();
      producer.append(topic, 0, null, `${round}`, systemClock.now(), noHeaders);
      const flushed = producer.flush();
      while (reader.position({ topic, partition: 0 }) <= round) await reader.poll(1000);
      latencies.push(performance.now() - started);
      await flushed;
    }
    const median = latencies.sort((a, b) => a - b)[15]!;
    // A reader that sleeps between its questions, or waits out a long poll, is ten times slower.
    expect(median).toBeLessThan(50);
    await reader.close();
  });
});

type Loss = 'request' | 'answer' | undefined;

/** The same connection, but for requests that do not arrive or are not answered. */
function losing(connection: Connection, loss: (apiKey: number) => Loss): Connection {
  const send = async <T>(node: number, lane: string, request: Request<T>, timeoutMs?: number): Promise<T> => {
    const lost = loss(request.apiKey);
    if (lost === 'request') throw new RequestLost('BROKER_UNREACHABLE', 'it was not sent', false);
    const answer = await connection.send(node, lane, request, timeoutMs);
    if (lost === 'answer') throw new RequestLost('BROKER_UNREACHABLE', 'its answer was lost', true);
    return answer;
  };
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'send') return send;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Repeats with its seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const fetching = 1;

function lossy(random: () => number, apis: readonly number[] | 'all'): (apiKey: number) => Loss {
  return (apiKey) => {
    if (apiKey === fetching || (apis !== 'all' && !apis.includes(apiKey))) return undefined;
    const drawn = random();
    if (drawn < 0.1) return 'request';
    return drawn < 0.25 ? 'answer' : undefined;
  };
}

describe.skipIf(javaMissing)(`createProducer on a broker, seed ${seed}`, () => {
  it('writes once and in order although answers are lost, as a Java consumer sees it', async () => {
    const connection = await connect();
    const topic = await newTopic(connection, 3);
    const producer = await createProducer(losing(connection, lossy(randomOf(seed), [0])), {}, systemClock);
    for (let index = 0; index < 2000; index++) {
      producer.append(topic, index % 3, null, `${index}`, systemClock.now(), noHeaders);
      if (index % 50 === 0) await systemClock.breathe();
      if (index % 300 === 0) await producer.flush();
    }
    await producer.flush();
    const seen = await readCommitted(brokers, topic);
    for (let partition = 0; partition < 3; partition++) {
      const values = seen
        .filter((record) => record.partition === partition)
        .map(({ value }) => Number(value));
      expect(values).toEqual(Array.from({ length: values.length }, (_, index) => 3 * index + partition));
      expect(producer.end(topic, partition)).toBe(values.length);
    }
    expect(seen).toHaveLength(2000);
  });

  it('makes everything count once although any answer may be lost, as a Java consumer sees it', async () => {
    const connection = await connect();
    const topic = await newTopic(connection, 3);
    const task = { topic, id: unused('task'), group: unused('group') };
    const faulty = losing(connection, lossy(randomOf(seed), 'all'));
    for (let lives = 0; (await lifeOf(connection, faulty, task)) < numbers; lives++) {
      if (lives > 200) throw new Error('it never ends');
    }
    const seen = await readCommitted(brokers, topic);
    const values = seen.map(({ value }) => Number(value)).sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: numbers }, (_, index) => index));
  });
});

const numbers = 150;

/** Writes on from where the group stands until something fails; says how far it is. */
async function lifeOf(
  connection: Connection,
  faulty: Connection,
  { topic, id, group }: { topic: string; id: string; group: string },
): Promise<number> {
  const source = { topic, partition: 0 };
  let producer: Producer | undefined;
  let next = 0;
  try {
    producer = await createProducer(faulty, { transactionalId: id }, systemClock);
    next = (await committed(connection, systemClock, group, [source]))[0]?.offset ?? 0;
    while (next < numbers) {
      for (const upTo = Math.min(numbers, next + 7); next < upTo; next++) {
        producer.append(topic, next % 3, null, `${next}`, systemClock.now(), noHeaders);
      }
      const offsets = [{ ...source, offset: next, metadata: '' }];
      await producer.commit({ group, generation: -1, memberId: '', offsets });
    }
    await producer.close();
    return next;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return 0;
  }
}
