import type { Codec } from '../dsl/codecs/codec.ts';
import { type Headers, type Message, noHeaders } from '../dsl/message.ts';
import { checkOptions } from '../dsl/options.ts';
import { MillraceError } from '../errors.ts';
import { systemClock } from './clock.ts';
import { type ConnectOptions, connectNames, connector } from './connect.ts';
import type { Batch, NewTopic, Producer, TopicPartition, Transport } from './transport/transport.ts';

/** How the keys and values of a topic are written: what stream() takes, too. */
export interface TopicCodecs<K, V> {
  readonly key: Codec<K>;
  readonly value: Codec<V>;
}

/** A record to send; what is left out is null, now, no headers. */
export interface NewRecord<K, V> {
  readonly key?: K | null;
  readonly value?: V | null;
  readonly timestamp?: number;
  readonly headers?: Headers;
  /** Default: by the key's hash, as every Kafka client has it. */
  readonly partition?: number;
}

/** A record as it stands in its topic. */
export interface TopicRecord<K, V> extends Message<K | null, V | null> {
  readonly partition: number;
  readonly offset: number;
}

export interface ReadOptions {
  /** 'end' stops where the topic ends at the time of the call; default: goes on for ever, until `signal`. */
  readonly until?: 'end';
  readonly signal?: AbortSignal;
}

/** Reads and writes topics from outside a topology: feeds a job, shows its results, makes its topics. */
export interface Client extends AsyncDisposable {
  /** Makes those that do not exist. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /** Deletes topics with all that is in them; UNKNOWN_TOPIC for one that is not there. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Resolves when all in-sync replicas have the records. */
  send<K, V>(topic: string, codecs: TopicCodecs<K, V>, records: Iterable<NewRecord<K, V>>): Promise<void>;
  /** Committed records of all partitions, from the beginning; those of one partition in order. */
  read<K, V>(
    topic: string,
    codecs: TopicCodecs<K, V>,
    options?: ReadOptions,
  ): AsyncIterable<TopicRecord<K, V>>;
  close(): Promise<void>;
}

/**
 * ```ts
 * await using client = await openClient({ brokers: 'localhost:9092' });
 * await client.send('orders', { key: text, value: json<Order>() }, [{ key: 'a', value: { total: 1 } }]);
 * for await (const record of client.read('totals', { key: text, value: json<number>() })) console.log(record);
 * ```
 */
export async function openClient(options: ConnectOptions = {}): Promise<Client> {
  checkOptions(options, connectNames, 'openClient()', 'UNKNOWN_SETTING');
  const transport = await connector(options, process.env, systemClock)('millrace-client');
  await transport.connect();
  let producer: Promise<Producer> | undefined;
  const close = async (): Promise<void> => {
    await (await producer)?.close();
    await transport.close();
  };
  return {
    createTopics: (topics) => transport.admin.create(topics),
    deleteTopics: (topics) => transport.admin.delete(topics),
    async send(topic, codecs, records) {
      await describe(transport, topic);
      producer ??= transport.producer({});
      const opened = await producer;
      for (const record of records) append(opened, topic, codecs, record);
      await opened.flush();
    },
    read: (topic, codecs, readOptions = {}) => readTopic(transport, topic, codecs, readOptions),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function append<K, V>(
  producer: Producer,
  topic: string,
  codecs: TopicCodecs<K, V>,
  { key, value, timestamp, headers, partition }: NewRecord<K, V>,
): void {
  producer.append(
    topic,
    partition,
    key === null || key === undefined ? null : codecs.key.encode(key),
    value === null || value === undefined ? null : codecs.value.encode(value),
    timestamp ?? systemClock.now(),
    headers ?? noHeaders,
  );
}

async function describe({ admin }: Transport, topic: string): Promise<readonly TopicPartition[]> {
  const [found] = await admin.describe([topic]);
  if (found === undefined) {
    throw new MillraceError('UNKNOWN_TOPIC', 'The topic does not exist', {
      topic,
      next: 'Create it, for instance with createTopics().',
    });
  }
  return Array.from({ length: found.partitions }, (_, partition) => ({ topic, partition }));
}

async function* readTopic<K, V>(
  transport: Transport,
  topic: string,
  codecs: TopicCodecs<K, V>,
  { until, signal }: ReadOptions,
): AsyncGenerator<TopicRecord<K, V>> {
  const partitions = await describe(transport, topic);
  const starts = await transport.admin.startOffsets(partitions);
  const ends = until === 'end' ? await transport.admin.endOffsets(partitions, 'committed') : undefined;
  const reader = transport.reader({ isolation: 'committed', maxBytes: 8 << 20 });
  try {
    reader.assign(partitions.map((partition, index) => ({ ...partition, offset: starts[index]! })));
    const finished = (): boolean =>
      ends !== undefined &&
      partitions.every((partition, index) => reader.position(partition) >= ends[index]!);
    while (!finished() && signal?.aborted !== true) {
      for (const batch of await reader.poll(100)) {
        while (batch.next()) {
          if (ends === undefined || batch.offset < ends[batch.partition]!) yield toRecord(batch, codecs);
        }
      }
    }
  } finally {
    await reader.close();
  }
}

function toRecord<K, V>(batch: Batch, codecs: TopicCodecs<K, V>): TopicRecord<K, V> {
  return {
    key: decode(codecs.key, batch.keyBytes()),
    value: decode(codecs.value, batch.valueBytes()),
    timestamp: batch.timestamp,
    headers: batch.headers(),
    partition: batch.partition,
    offset: batch.offset,
  };
}

function decode<T>(codec: Codec<T>, bytes: Buffer | null): T | null {
  if (bytes === null) return null;
  return codec.format === 'text' ? codec.decode(bytes.toString()) : codec.decode(bytes);
}
