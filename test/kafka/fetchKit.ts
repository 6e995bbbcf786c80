import { noHeaders } from '../../src/dsl/message.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { admin } from '../../src/runtime/transport/kafka/admin.ts';
import { type Connection, openConnection } from '../../src/runtime/transport/kafka/connection.ts';
import { createProducer } from '../../src/runtime/transport/kafka/producer.ts';
import type { Decoder } from '../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../src/runtime/transport/kafka/protocol/encoder.ts';
import type { Request } from '../../src/runtime/transport/kafka/protocol/request.ts';
import type {
  NewTopic,
  ProducerOptions,
  Reader,
  TopicPartition,
} from '../../src/runtime/transport/transport.ts';

/** A fetch as it went over a socket. */
export interface SentFetch {
  readonly node: number;
  /** Of the request. */
  readonly bytes: number;
  /** Of the answer, once it is there. */
  answeredBytes: number;
}

const fetching = 1;
let names = 0;

export function unusedName(of: string): string {
  return `${of}-${process.pid}-${systemClock.now().toString(36)}-${names++}`;
}

export async function connected(
  cleanup: AsyncDisposableStack,
  brokers: readonly string[],
  rack?: string,
): Promise<Connection> {
  const connection = openConnection({ brokers, rack }, systemClock);
  cleanup.defer(() => connection.close());
  await connection.open();
  return connection;
}

export async function newTopic(connection: Connection, options: Partial<NewTopic> = {}): Promise<string> {
  const topic = unusedName('fetch');
  await admin(connection, systemClock).create([{ topic, partitions: 1, ...options }]);
  return topic;
}

export async function write(
  connection: Connection,
  { topic, partition }: TopicPartition,
  values: readonly string[],
  options: ProducerOptions = {},
): Promise<void> {
  const producer = await createProducer(connection, options, systemClock);
  for (const value of values) producer.append(topic, partition, null, value, systemClock.now(), noHeaders);
  await producer.close();
}

/** Polls once. */
export async function pollValues(reader: Reader, maxWaitMs = 100): Promise<string[]> {
  const values: string[] = [];
  for (const batch of await reader.poll(maxWaitMs)) while (batch.next()) values.push(batch.valueText()!);
  return values;
}

export async function takeValues(reader: Reader, count: number): Promise<string[]> {
  const values: string[] = [];
  while (values.length < count) values.push(...(await pollValues(reader)));
  return values;
}

/** What a poll throws. */
export async function pollError(reader: Reader): Promise<unknown> {
  for (;;) {
    try {
      await reader.poll(100);
    } catch (error) {
      return error;
    }
  }
}

/** The same connection, and a list of the fetches that went over it. */
export function watched(connection: Connection): { connection: Connection; fetches: SentFetch[] } {
  const fetches: SentFetch[] = [];
  const send = <T>(node: number, lane: string, request: Request<T>, timeoutMs?: number): Promise<T> => {
    if (request.apiKey !== fetching) return connection.send(node, lane, request, timeoutMs);
    const body = new Encoder();
    request.body(body);
    const sent: SentFetch = { node, bytes: body.size, answeredBytes: 0 };
    fetches.push(sent);
    const parse = (decoder: Decoder): T => {
      sent.answeredBytes = decoder.remaining;
      return request.parse(decoder);
    };
    return connection.send(node, lane, { ...request, parse }, timeoutMs);
  };
  const proxy = new Proxy(connection, {
    get(target, name) {
      if (name === 'send') return send;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { connection: proxy, fetches };
}
