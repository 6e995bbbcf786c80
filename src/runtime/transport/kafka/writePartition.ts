import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../dsl/message.ts';
import type { LedPartition } from './leaderSearch.ts';
import { OutgoingBatch, sequenceBehind } from './outgoingBatch.ts';
import { recordOverLimit } from './recordTooLarge.ts';
import type { SpareWriters } from './spareWriters.ts';

/** So many of its last batches a broker remembers of a producer: a repetition of any of them is known as one. */
const maxBatchesSent = 5;

/** What the partitions of a topic have in common. */
export interface WriteTopic {
  readonly topic: string;
  readonly spares: SpareWriters;
  /** Bytes a batch may have; less once the broker has refused one. */
  batchBytes: number;
  /** Bytes a record may have, with the header of a batch of its own. */
  readonly maxRequestBytes: number;
  /** Of all partitions of the producer: bytes in batches that are not acknowledged. */
  readonly pending: { bytes: number };
}

/** What has to be done before the first batch is sent again. */
export type Cure = 'none' | 'split' | 'start afresh';

/**
 * One partition a producer writes to: batches in order, the first few of which are sent. When one fails, nothing more is
 * sent until all that are under way have come back; then they are sent again in the same order, with the same numbers.
 */
export class WritePartition implements LedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly batches: OutgoingBatch[] = [];
  readonly #common: WriteTopic;
  /** Of the first record of the next batch that is sent for the first time. */
  sequence = 0;
  /** How often its numbers have begun anew: what its batches say in place of the producer's epoch is so much higher. */
  epochs = 0;
  /** Offset behind the last acknowledged record. */
  end: number | undefined;
  /** The last of the producer's transactions that the coordinator knows to write here. */
  enrolledIn = -1;
  /** Why the first batch is not in the log yet. */
  lastError: Error | undefined;
  leader: number | undefined;
  leaderEpoch = -1;
  failures = 0;
  notBefore = 0;
  missingSince: number | undefined;
  /** How many of the first batches are sent. */
  #sent = 0;
  /** How many of these the broker still owes an answer for. */
  #underWay = 0;
  /** One has failed: the others under way come back first. */
  #halted = false;
  /** The next to be sent is not the first, and goes alone: what the broker says of it settles what came before. */
  #asking = false;
  #cure: Cure = 'none';
  /**
   * The leader has taken a batch since the partition was last idle or in trouble. Before that only one is sent: a broker that
   * has never heard of the producer, or has forgotten it, takes any number, so also a second batch without the first.
   */
  #known = false;

  constructor(common: WriteTopic, partition: number) {
    this.topic = common.topic;
    this.partition = partition;
    this.#common = common;
  }

  /** One has failed, and those under way have not all come back. */
  get halted(): boolean {
    return this.#halted;
  }

  /** true when a batch is full with this, and may go. RECORD_TOO_LARGE. */
  append(
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    transaction: number,
  ): boolean {
    const { batchBytes, maxRequestBytes, spares, pending } = this.#common;
    const last = this.batches.at(-1);
    if (last !== undefined && !last.closed) {
      const { writer } = last;
      const before = writer.size;
      const fits = last.transaction === transaction;
      if (fits && writer.append(key, value, timestamp, headers, batchBytes)) {
        pending.bytes += writer.size - before;
        return false;
      }
      last.closed = true;
    }
    const batch = new OutgoingBatch(spares.take(), transaction);
    batch.writer.append(key, value, timestamp, headers, batchBytes);
    const { size } = batch.writer;
    if (size > maxRequestBytes) throw recordOverLimit(this, key, value, size, maxRequestBytes);
    pending.bytes += size;
    this.batches.push(batch);
    return last !== undefined;
  }

  /** The batch to send next, if it may go. */
  ready(transaction: number): OutgoingBatch | undefined {
    const next = this.batches[this.#sent];
    if (next === undefined || this.#halted || next.transaction !== transaction) return undefined;
    if (this.#sent === 0) return next.closed || next.due ? next : undefined;
    if (this.#asking) return this.#underWay === 0 ? next : undefined;
    // One that is merely due grows while it waits for those before it.
    const mayFollow = this.#known && this.#sent < maxBatchesSent && (next.closed || next.urgent);
    return mayFollow ? next : undefined;
  }

  /** The batch that is ready, which is under way from now on until `returned` is called. */
  send(): OutgoingBatch {
    const batch = this.batches[this.#sent]!;
    this.#sent++;
    this.#underWay++;
    batch.attempts++;
    if (batch.sequence < 0) {
      batch.sequence = this.sequence;
      this.sequence = sequenceBehind(this.sequence, batch.writer.count);
    }
    return batch;
  }

  /**
   * The batch is in the log, at that offset; below zero: the broker does not say where. A broker takes a batch only behind
   * the one before it, so what was in doubt before this one is in the log as well. false: it cannot be, and yet it should.
   */
  acknowledged(batch: OutgoingBatch, baseOffset: number): boolean {
    const before = this.batches.slice(0, this.batches.indexOf(batch));
    if (!before.every(({ inDoubt }) => inDoubt)) return false;
    const records = before.reduce((sum, { writer }) => sum + writer.count, 0);
    // Lower than before may be where a topic created anew begins; but not with room for records that must be there.
    if (records > 0 && baseOffset >= 0 && baseOffset < (this.end ?? 0) + records) return false;
    for (const one of this.batches.splice(0, before.length + 1)) this.#done(one);
    this.#sent -= before.length + 1;
    if (baseOffset >= 0) this.end = baseOffset + batch.writer.count;
    this.failures = 0;
    this.#asking = false;
    this.#known = this.batches.length > 0;
    return true;
  }

  /** The batch is to be sent again, once those under way have come back. */
  repeat(batch: OutgoingBatch, inDoubt: boolean, cure: Cure = 'none'): void {
    batch.inDoubt ||= inDoubt;
    this.#halted = true;
    if (this.batches[0] === batch || this.#asking) this.#cure = cure;
  }

  /** An answer was dealt with, or none will come. What has to be done when it was the last, and something has failed. */
  returned(): Cure {
    this.#underWay--;
    if (!this.#halted || this.#underWay > 0) return 'none';
    const cure = this.#cure;
    this.#cure = 'none';
    this.#halted = false;
    this.#known = false;
    this.#asking = cure === 'start afresh' && this.#mayAskOfNext();
    if (this.#asking) return 'none';
    this.#sent = 0;
    return cure;
  }

  /** The first batch is too large for the broker: halves take its place. false when it is a single record. */
  split(): boolean {
    const first = this.batches[0]!;
    if (first.writer.count === 1) return false;
    const halves = first.split();
    this.batches.splice(0, 1, ...halves);
    const { pending } = this.#common;
    pending.bytes += halves[0].writer.size + halves[1].writer.size - first.writer.size;
    this.#common.batchBytes = Math.min(this.#common.batchBytes, first.writer.size >> 1);
    return true;
  }

  /** Numbers begin anew, in the next epoch. false: a batch may be in the log under its old number, or there is no next epoch. */
  startAfresh(producerEpoch: number): boolean {
    if (this.batches.some(({ inDoubt }) => inDoubt) || producerEpoch + this.epochs >= 0x7fff) return false;
    this.epochs++;
    this.sequence = 0;
    for (const batch of this.batches) batch.forgetAttempts();
    return true;
  }

  /**
   * One that was sent alone is out of sequence, and yet may be in the log: a broker that has come back from a crash knows of
   * each producer the last batch only. If it knows one of those behind, the log has this one as well.
   */
  #mayAskOfNext(): boolean {
    const wasAlone = this.#sent === 1 || this.#asking;
    return wasAlone && this.batches[this.#sent - 1]!.inDoubt && this.batches[this.#sent]?.inDoubt === true;
  }

  #done(batch: OutgoingBatch): void {
    const { pending, spares } = this.#common;
    pending.bytes -= batch.writer.size;
    // What was sent twice may still be in the hands of a socket.
    if (batch.attempts === 1 && !batch.inDoubt) spares.give(batch.writer);
    batch.acknowledged();
  }
}
