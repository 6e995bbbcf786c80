import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../dsl/message.ts';
import { MillraceError } from '../../../errors.ts';
import { partitionOf } from '../murmur2.ts';
import type { Waiter } from './outgoingBatch.ts';
import { SpareWriters } from './spareWriters.ts';
import { WritePartition, type WriteTopic } from './writePartition.ts';

export interface AccumulatorLimits {
  readonly batchBytes: number;
  readonly maxRequestBytes: number;
}

/** What an accumulator needs to know of topics, and whom it tells. */
export interface Placing {
  /** Partitions of a topic as far as known. */
  readonly count: (topic: string) => number | undefined;
  /** Resolves when they are known; does not reject. */
  readonly find: (topic: string) => Promise<void>;
  /** Records that had waited for that are ready. */
  readonly placed: () => void;
  /** One of them cannot be written. */
  readonly failed: (error: Error) => void;
}

interface TopicWrites extends WriteTopic {
  readonly partitions: (WritePartition | undefined)[];
  /** Where the next record without a key goes. */
  turn: number;
  /** While nobody knows how many partitions the topic has. */
  unplaced: Unplaced[] | undefined;
}

interface Unplaced {
  readonly partition: number | undefined;
  readonly key: Encoded | null;
  readonly value: Encoded | null;
  readonly timestamp: number;
  readonly headers: Headers;
  readonly transaction: number;
}

/** What a producer was given and the brokers have not acknowledged yet. */
export class Accumulator {
  /** The transaction that appended records go to. */
  transaction = 0;
  /** Those that have batches. */
  readonly active: Set<WritePartition> = new Set();
  readonly #limits: AccumulatorLimits;
  readonly #placing: Placing;
  readonly #topics = new Map<string, TopicWrites>();
  readonly #spares = new SpareWriters();
  readonly #pending = { bytes: 0 };
  readonly #waiters = new Set<Waiter>();
  readonly #searches = new Set<Promise<void>>();
  #last: TopicWrites | undefined;
  #failure: Error | undefined;

  constructor(limits: AccumulatorLimits, placing: Placing) {
    this.#limits = limits;
    this.#placing = placing;
  }

  /** Of all topics that were ever written to. */
  get topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  get pendingBytes(): number {
    return this.#pending.bytes;
  }

  /** true when a batch is full with this, and may go. */
  append(
    topic: string,
    partition: number | undefined,
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
  ): boolean {
    if (!(Number.isSafeInteger(timestamp) && timestamp >= 0)) throw unusableTimestamp(topic, timestamp);
    const writes = this.#last?.topic === topic ? this.#last : this.#writesTo(topic);
    const { transaction } = this;
    if (writes.unplaced === undefined) {
      const chosen = partition ?? this.#choose(writes, key);
      if (chosen !== undefined) return this.#add(writes, chosen, key, value, timestamp, headers, transaction);
      writes.unplaced = [];
      this.#place(writes);
    }
    const copies = { key: copy(key), value: copy(value), headers: copyHeaders(headers) };
    writes.unplaced.push({ partition, timestamp, transaction, ...copies });
    this.#pending.bytes += sizeOf(key, value);
    return false;
  }

  end(topic: string, partition: number): number | undefined {
    return this.#topics.get(topic)?.partitions[partition]?.end;
  }

  /** What is there is to be sent although batches are not full; `urgent`: without waiting for those under way. */
  makeDue(urgent: boolean): void {
    for (const { batches } of this.active) {
      const last = batches.at(-1)!;
      last.due = true;
      last.urgent ||= urgent;
    }
  }

  /** Resolves when what there is now of a transaction and those before is acknowledged; rejects with what `fail` is told. */
  async acknowledged(transaction: number): Promise<void> {
    // Without a wait where there is none to place: what is appended after this call is not waited for.
    if (this.#searches.size > 0) await Promise.all(this.#searches);
    if (this.#failure !== undefined) throw this.#failure;
    const batches = [...this.active].flatMap((partition) => partition.batches);
    const awaited = batches.filter((batch) => batch.transaction <= transaction);
    if (awaited.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        this.#waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { left: awaited.length, resolve: done, reject };
      this.#waiters.add(waiter);
      for (const batch of awaited) batch.waiters.push(waiter);
    });
  }

  /** Forgets everything and tells whoever waits. */
  fail(error: Error): void {
    this.#failure = error;
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
    this.active.clear();
    this.#pending.bytes = 0;
    this.#topics.clear();
    this.#last = undefined;
  }

  #add(
    writes: TopicWrites,
    number: number,
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    transaction: number,
  ): boolean {
    let partition = writes.partitions[number];
    if (partition === undefined) {
      partition = new WritePartition(writes, number);
      writes.partitions[number] = partition;
    }
    const full = partition.append(key, value, timestamp, headers, transaction);
    if (partition.batches.length === 1) this.active.add(partition);
    return full;
  }

  #choose(writes: TopicWrites, key: Encoded | null): number | undefined {
    const count = this.#placing.count(writes.topic);
    if (count === undefined) return undefined;
    return key === null ? writes.turn++ % count : partitionOf(key, count);
  }

  #place(writes: TopicWrites): void {
    const search = this.#placing.find(writes.topic).then(() => {
      this.#searches.delete(search);
      const unplaced = writes.unplaced ?? [];
      writes.unplaced = undefined;
      // Nothing is left where the search, or anything else, has failed.
      if (this.#topics.get(writes.topic) !== writes) return;
      try {
        for (const record of unplaced) this.#addPlaced(writes, record);
      } catch (error) {
        return this.#placing.failed(error as Error);
      }
      this.makeDue(true);
      this.#placing.placed();
    });
    this.#searches.add(search);
  }

  #addPlaced(writes: TopicWrites, record: Unplaced): void {
    const { partition, key, value, timestamp, headers, transaction } = record;
    this.#pending.bytes -= sizeOf(key, value);
    const chosen = partition ?? this.#choose(writes, key)!;
    this.#add(writes, chosen, key, value, timestamp, headers, transaction);
  }

  #writesTo(topic: string): TopicWrites {
    let writes = this.#topics.get(topic);
    if (writes === undefined) {
      const common = { topic, spares: this.#spares, pending: this.#pending, ...this.#limits };
      writes = { ...common, partitions: [], turn: 0, unplaced: undefined };
      this.#topics.set(topic, writes);
    }
    this.#last = writes;
    return writes;
  }
}

function sizeOf(key: Encoded | null, value: Encoded | null): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

/** The caller may use its buffers again. */
function copy(part: Encoded | null): Encoded | null {
  return part === null || typeof part === 'string' ? part : Buffer.from(part);
}

function copyHeaders(headers: Headers): Headers {
  return headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value)]);
}

function unusableTimestamp(topic: string, timestamp: number): MillraceError {
  return new MillraceError('INVALID_TIMESTAMP', 'a record cannot be written with this timestamp', {
    topic,
    expected: 'a whole number of ms since 1970',
    found: String(timestamp),
    next: 'Correct the timestamp.',
  });
}
