import { readBatchHeader } from './recordBatch/batchHeader.ts';
import { type BatchOrigin, BatchWriter } from './recordBatch/batchWriter.ts';
import { openBatch } from './recordBatch/openBatch.ts';

/** Someone who waits for batches to be acknowledged. */
export interface Waiter {
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Records of one partition on their way out. Once sealed the bytes stay as they are, also when they are sent again. */
export class OutgoingBatch {
  readonly writer: BatchWriter;
  /** Which of the producer's transactions it belongs to. */
  readonly transaction: number;
  /** To be sent although more would fit in, when no other is under way. */
  due = false;
  /** Due, and not to wait for those before it either: someone waits for it. */
  urgent = false;
  /** Takes no more records. */
  closed = false;
  /** Number of its first record among those of the partition; below zero: not sent yet. */
  sequence = -1;
  sealed: Buffer | undefined;
  /** Since when, on the monotonic clock, it could have been sent. */
  readySince: number | undefined;
  attempts = 0;
  /** An attempt has ended in a way that leaves open whether the batch is in the log. */
  inDoubt = false;
  waiters: Waiter[] = [];

  constructor(writer: BatchWriter, transaction: number) {
    this.writer = writer;
    this.transaction = transaction;
  }

  /** The bytes to send. Only the first call looks at `origin`. */
  seal(origin: BatchOrigin): Buffer {
    this.closed = true;
    this.sealed ??= this.writer.seal(origin);
    return this.sealed;
  }

  acknowledged(): void {
    for (const waiter of this.waiters) {
      waiter.left--;
      if (waiter.left === 0) waiter.resolve();
    }
  }

  /** Two batches of half the records each and with the same numbers, for a broker that has refused this one as too large. */
  split(): [OutgoingBatch, OutgoingBatch] {
    const halves: [OutgoingBatch, OutgoingBatch] = [this.#like(), this.#like()];
    const bytes = this.sealed!;
    const nowhere = { topic: '', partition: -1 };
    const records = openBatch(bytes, readBatchHeader(bytes, 0, nowhere)!, nowhere);
    const middle = records.remaining >> 1;
    while (records.next()) {
      const { writer } = records.remaining >= middle ? halves[0] : halves[1];
      const [key, value] = [records.keyBytes(), records.valueBytes()];
      writer.append(key, value, records.timestamp, records.headers(), Number.POSITIVE_INFINITY);
    }
    halves[0].sequence = this.sequence;
    halves[1].sequence = sequenceBehind(this.sequence, halves[0].writer.count);
    for (const waiter of this.waiters) waiter.left++;
    return halves;
  }

  /** Without a number again, and with none of its attempts to be reckoned with. */
  forgetAttempts(): void {
    this.sequence = -1;
    this.sealed = undefined;
  }

  #like(): OutgoingBatch {
    const half = new OutgoingBatch(new BatchWriter(this.writer.size), this.transaction);
    half.closed = true;
    half.readySince = this.readySince;
    half.inDoubt = this.inDoubt;
    half.waiters = [...this.waiters];
    return half;
  }
}

/** Sequence numbers go round at 2^31. */
export function sequenceBehind(sequence: number, count: number): number {
  return (sequence + count) % 0x8000_0000;
}
