import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../dsl/message.ts';
import type { LedPartition } from './leaderSearch.ts';
import { OutgoingBatch } from './outgoingBatch.ts';
import type { SpareWriters } from './spareWriters.ts';

/** What the partitions of a topic have in common. */
export interface WriteTopic {
  readonly topic: string;
  readonly spares: SpareWriters;
  /** Bytes a batch may have; less once the broker has refused one. */
  batchBytes: number;
}

/**
 * One partition a producer writes to: batches in order, of which only the first is ever under way. So a retry can neither
 * overtake nor repeat anything, and a batch gets its sequence number when it is first sent.
 */
export class WritePartition implements LedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly batches: OutgoingBatch[] = [];
  readonly #common: WriteTopic;
  /** Of the first record of the next batch to be sent. */
  sequence = 0;
  /** Offset behind the last acknowledged record. */
  end: number | undefined;
  inFlight = false;
  /** The last of the producer's transactions that the coordinator knows to write here. */
  enrolledIn = -1;
  /** Why the first batch is not in the log yet. */
  lastError: Error | undefined;
  leader: number | undefined;
  leaderEpoch = -1;
  failures = 0;
  notBefore = 0;
  missingSince: number | undefined;

  constructor(common: WriteTopic, partition: number) {
    this.topic = common.topic;
    this.partition = partition;
    this.#common = common;
  }

  get pendingBytes(): number {
    return this.batches.reduce((bytes, { writer }) => bytes + writer.size, 0);
  }

  /** true when a batch is full with this, and may go. */
  append(
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    transaction: number,
  ): boolean {
    const { batchBytes, spares } = this.#common;
    const last = this.batches.at(-1);
    if (last !== undefined && !last.closed) {
      const fits = last.transaction === transaction;
      if (fits && last.writer.append(key, value, timestamp, headers, batchBytes)) return false;
      last.closed = true;
    }
    const batch = new OutgoingBatch(spares.take(), transaction);
    batch.writer.append(key, value, timestamp, headers, batchBytes);
    this.batches.push(batch);
    return last !== undefined;
  }

  /** The batch to send next, if it may go. */
  ready(transaction: number): OutgoingBatch | undefined {
    const first = this.batches[0];
    if (first === undefined || this.inFlight || first.transaction !== transaction) return undefined;
    return first.closed || first.due ? first : undefined;
  }

  /** The first batch is in the log, at that offset; below zero: the broker does not say where. */
  acknowledged(baseOffset: number): void {
    const batch = this.batches.shift()!;
    const { count } = batch.writer;
    this.sequence = (this.sequence + count) % 0x8000_0000;
    if (baseOffset >= 0) this.end = baseOffset + count;
    this.failures = 0;
    // What was sent twice may still be in the hands of a socket.
    if (batch.attempts === 1) this.#common.spares.give(batch.writer);
    batch.acknowledged();
  }

  /** The first batch is too large for the broker: halves take its place. false when it is a single record. */
  split(): boolean {
    const [first] = this.batches;
    if (first === undefined || first.writer.count === 1) return false;
    this.batches.splice(0, 1, ...first.split());
    this.#common.batchBytes = Math.min(this.#common.batchBytes, first.writer.size >> 1);
    return true;
  }
}
