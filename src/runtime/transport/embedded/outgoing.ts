import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../dsl/message.ts';
import { MillraceError } from '../../../errors.ts';
import { partitionOf } from '../murmur2.ts';
import type { Append } from './appends.ts';
import { keep, keepHeaders, Records, sizeOfRecord } from './records.ts';
import { type Topics, unknownTopic } from './topics.ts';

/** A batch is sent when it has this many records or bytes. */
const fullRecords = 1_000;
const fullBytes = 256 * 1024;
/** What a batch of one record takes on Kafka's wire beyond the record's own parts, at most. */
const envelopeBytes = 61 + 40;

interface TopicQueue {
  readonly topic: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  /** By partition; undefined as long as there is nothing. */
  readonly filling: (Records | undefined)[];
  readonly sequences: number[];
  nextPartition: number;
}

/** What a producer has not sent yet: one batch that fills up for each partition. */
export class Outgoing {
  readonly #topics: Topics;
  readonly #queues = new Map<string, TopicQueue>();
  #lastQueue: TopicQueue | undefined;
  bytes = 0;

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  /** The batch that is full with this record. */
  add(
    topic: string,
    chosen: number | undefined,
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
  ): Append | undefined {
    const queue = this.#lastQueue?.topic === topic ? this.#lastQueue : this.#queue(topic);
    const partition = chosen ?? this.#choose(queue, key);
    let records = queue.filling[partition];
    if (records === undefined) {
      this.#topics.partition({ topic, partition });
      records = new Records();
      queue.filling[partition] = records;
    }
    check(queue, partition, key, value, timestamp, headers);
    const before = records.bytes;
    records.push(keep(key), keep(value), timestamp, keepHeaders(headers));
    this.bytes += records.bytes - before;
    const isFull = records.count >= fullRecords || records.bytes >= fullBytes;
    return isFull ? this.#takeOne(queue, partition, records) : undefined;
  }

  take(): Append[] {
    const appends: Append[] = [];
    for (const queue of this.#queues.values()) {
      queue.filling.forEach((records, partition) => {
        if (records !== undefined && records.count > 0)
          appends.push(this.#takeOne(queue, partition, records));
      });
    }
    return appends;
  }

  clear(): void {
    this.#queues.clear();
    this.#lastQueue = undefined;
    this.bytes = 0;
  }

  #takeOne(queue: TopicQueue, partition: number, records: Records): Append {
    const { topic } = queue;
    const sequence = queue.sequences[partition] ?? 0;
    queue.sequences[partition] = sequence + records.count;
    queue.filling[partition] = undefined;
    this.bytes -= records.bytes;
    return { topic, partition, sequence, records };
  }

  #queue(topic: string): TopicQueue {
    let queue = this.#queues.get(topic);
    if (queue === undefined) {
      const found = this.#topics.get(topic);
      if (found === undefined) throw unknownTopic(topic);
      queue = {
        topic,
        partitions: found.partitions.length,
        maxMessageBytes: found.settings.maxMessageBytes,
        filling: new Array(found.partitions.length).fill(undefined),
        sequences: new Array(found.partitions.length).fill(0),
        nextPartition: 0,
      };
      this.#queues.set(topic, queue);
    }
    this.#lastQueue = queue;
    return queue;
  }

  #choose(queue: TopicQueue, key: Encoded | null): number {
    return key === null ? queue.nextPartition++ % queue.partitions : partitionOf(key, queue.partitions);
  }
}

function check(
  { topic, maxMessageBytes }: TopicQueue,
  partition: number,
  key: Encoded | null,
  value: Encoded | null,
  timestamp: number,
  headers: Headers,
): void {
  if (!Number.isSafeInteger(timestamp)) throw unusableTimestamp(topic, partition, timestamp);
  // UTF-8 takes at most three bytes for each unit of a string: most records need no closer look.
  if (3 * sizeOfRecord(key, value, headers) + envelopeBytes <= maxMessageBytes) return;
  const bytes = byteLength(key) + byteLength(value) + headerBytes(headers) + envelopeBytes;
  if (bytes <= maxMessageBytes) return;
  throw new MillraceError('RECORD_TOO_LARGE', 'the record is larger than the topic takes', {
    topic,
    partition,
    expected: `at most ${maxMessageBytes} bytes (max.message.bytes)`,
    found: `${bytes} bytes`,
    next: 'Write less into one record, or raise max.message.bytes of the topic.',
  });
}

function byteLength(part: Encoded | null): number {
  return part === null ? 0 : Buffer.byteLength(part);
}

function headerBytes(headers: Headers): number {
  let bytes = 0;
  for (const [name, content] of headers) bytes += byteLength(name) + byteLength(content);
  return bytes;
}

function unusableTimestamp(topic: string, partition: number, timestamp: number): MillraceError {
  return new MillraceError('INVALID_TIMESTAMP', 'a record cannot be written with this timestamp', {
    topic,
    partition,
    expected: 'a whole number of ms since 1970',
    found: String(timestamp),
    next: 'Correct the timestamp.',
  });
}
