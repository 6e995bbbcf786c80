import type { MillraceError } from '../../../errors.ts';
import type { Batch, Isolation, TopicPartition } from '../transport.ts';
import { AbortedTransactions } from './abortedTransactions.ts';
import type { Held, HeldAnswers } from './heldAnswers.ts';
import type { LedPartition } from './leaderSearch.ts';
import type { Divergence, FetchedPartition } from './protocol/fetch.ts';
import {
  type BatchHeader,
  corrupt,
  firstBatchBytes,
  isControl,
  readBatchHeader,
} from './recordBatch/batchHeader.ts';
import { openBatch } from './recordBatch/openBatch.ts';

/** A batch that was read ahead: not checked and not decompressed before it is handed out. */
interface ReadAhead {
  readonly buffer: Buffer;
  readonly header: BatchHeader;
  readonly held: Held;
  readonly from: number;
  /** Of what stands before `from`; -1: not known. */
  readonly epochBefore: number;
  nextOffset: number;
}

const abortMarker = 0;
/** A part this small of the memory it came in is copied out of it, since it may be kept for long by whoever reads it. */
const smallPart = 1 / 16;

/** One assigned partition of a reader: where it is, and what was read ahead. */
export class ReadPartition implements LedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #isolation: Isolation;
  readonly #held: HeldAnswers;
  #readAhead: ReadAhead[] = [];
  paused = false;
  /** The request it is asked for with, which alone may answer. */
  flight: unknown;
  topicId: string | undefined;
  leader: number | undefined;
  leaderEpoch = -1;
  /** A node near this client that the leader has named, until when to ask it, and since when (monotonic) not to be sent to one. */
  replica: number | undefined;
  replicaUntil = 0;
  noReplicaBefore = 0;
  lastFetchedEpoch = -1;
  /** Where the next fetch begins. */
  fetchOffset: number;
  /** Bytes of what was read ahead, as they came. */
  bytes = 0;
  end: number | undefined;
  /** When a broker has last told, or left to be understood, that this is the end; on the monotonic clock. */
  heardAt: number | undefined;
  /** What poll has to throw. */
  error: MillraceError | undefined;
  /** What a single batch was seen to need beyond the usual. */
  minFetchBytes = 0;
  failures = 0;
  notBefore = 0;
  missingSince: number | undefined;

  constructor({ topic, partition }: TopicPartition, offset: number, isolation: Isolation, held: HeldAnswers) {
    this.topic = topic;
    this.partition = partition;
    this.fetchOffset = offset;
    this.#isolation = isolation;
    this.#held = held;
  }

  /** Where the next batch to be handed out begins. */
  get position(): number {
    return this.#readAhead[0]?.from ?? this.fetchOffset;
  }

  /** On the monotonic clock. undefined: who leads it is to be found out. */
  nodeToAsk(now: number): number | undefined {
    const { leader, replica } = this;
    return leader !== undefined && replica !== undefined && now < this.replicaUntil ? replica : leader;
  }

  get hasBatch(): boolean {
    return this.#readAhead.length > 0;
  }

  /**
   * Takes in what a broker answered without error, as a part of that answer. CORRUPT_BATCH; what came before the damage is
   * kept.
   */
  receive(fetched: FetchedPartition, answer: Held): void {
    const { aborted, highWatermark, lastStableOffset } = fetched;
    const committed = this.#isolation === 'committed';
    this.end = committed && lastStableOffset >= 0 ? lastStableOffset : highWatermark;
    const filter = committed ? new AbortedTransactions(aborted) : undefined;
    const { records, held } = keepable(fetched.records, answer);
    let header = readBatchHeader(records, 0, this);
    if (header === undefined && records.length > 0) {
      this.minFetchBytes = firstBatchBytes(records) ?? 2 * records.length;
    }
    for (; header !== undefined; header = readBatchHeader(records, header.end, this)) {
      const hidden = this.#hides(records, header, filter);
      if (header.nextOffset > this.fetchOffset) this.#advance(records, header, held, hidden);
    }
  }

  /** The next batch, checked and decompressed. CORRUPT_BATCH: it will be fetched again. */
  take(): Batch | undefined {
    for (let next = this.#readAhead[0]; next !== undefined; next = this.#readAhead[0]) {
      const { buffer, header, from, nextOffset } = next;
      let batch: Batch;
      try {
        batch = openBatch(buffer, header, this, from, nextOffset);
      } catch (error) {
        this.#cutBack(0);
        throw error;
      }
      this.#readAhead.shift();
      this.#release(next);
      if (batch.remaining > 0) return batch;
    }
    return undefined;
  }

  /**
   * The log goes another way than what was read of it: drops what was read ahead of the part that is gone, and fetches again
   * from there. false: some of what is gone was handed out.
   */
  cutBackTo({ epoch, endOffset }: Divergence): boolean {
    const epochBefore = this.#readAhead[0]?.epochBefore ?? this.lastFetchedEpoch;
    if (this.position > endOffset || epochBefore > epoch) return false;
    const first = this.#readAhead.findIndex(
      ({ header }) => header.nextOffset > endOffset || header.leaderEpoch > epoch,
    );
    if (first >= 0) this.#cutBack(first);
    else this.#cutBackToLast();
    return true;
  }

  /** Copies what waits into memory of its own. */
  settleDown(): void {
    if (this.bytes === 0) return;
    const buffer = Buffer.allocUnsafeSlow(this.bytes);
    const held = { bytes: this.bytes, batches: 0 };
    let start = 0;
    this.#readAhead = this.#readAhead.map((one) => {
      const { header } = one;
      const size = one.buffer.copy(buffer, start, header.start, header.end);
      this.#held.release(one.held, size);
      this.#held.keep(held, size);
      start += size;
      return { ...one, buffer, held, header: { ...header, start: start - size, end: start } };
    });
  }

  /** Forgets what was read ahead: the partition is not read any more. */
  drop(): void {
    this.#cutBack(0);
  }

  #advance(buffer: Buffer, header: BatchHeader, held: Held, hidden: boolean): void {
    const size = header.end - header.start;
    if (!hidden) {
      const from = Math.max(this.fetchOffset, header.baseOffset);
      const { lastFetchedEpoch: epochBefore } = this;
      this.#readAhead.push({ buffer, header, held, from, epochBefore, nextOffset: header.nextOffset });
      this.bytes += size;
      this.#held.keep(held, size);
    } else if (this.hasBatch) {
      this.#readAhead.at(-1)!.nextOffset = header.nextOffset;
    }
    this.fetchOffset = header.nextOffset;
    this.lastFetchedEpoch = header.leaderEpoch;
    this.minFetchBytes = 0;
  }

  #hides(buffer: Buffer, header: BatchHeader, aborted: AbortedTransactions | undefined): boolean {
    const covered = aborted?.covers(header) ?? false;
    if (!isControl(header)) return covered || header.count === 0;
    if (covered && this.#markerOf(buffer, header) === abortMarker) aborted!.ended(header.producerId);
    return true;
  }

  #markerOf(buffer: Buffer, header: BatchHeader): number | undefined {
    const batch = openBatch(buffer, header, this);
    if (!batch.next()) return undefined;
    const key = batch.keyBytes();
    if (key === null || key.length < 4) {
      throw corrupt(this, header.baseOffset, 'a control record with a type', 'one without');
    }
    return key.readInt16BE(2);
  }

  #release({ held, header }: ReadAhead): void {
    const size = header.end - header.start;
    this.bytes -= size;
    this.#held.release(held, size);
  }

  /** Drops this batch and all behind it, so that they are fetched again. */
  #cutBack(first: number): void {
    const gone = this.#readAhead.splice(first);
    if (gone.length === 0) return;
    for (const one of gone) this.#release(one);
    this.fetchOffset = gone[0]!.from;
    this.lastFetchedEpoch = gone[0]!.epochBefore;
  }

  /** Fetches again what stands behind the last batch and was not shown. */
  #cutBackToLast(): void {
    const last = this.#readAhead.at(-1);
    if (last === undefined) return;
    last.nextOffset = last.header.nextOffset;
    this.fetchOffset = last.nextOffset;
    this.lastFetchedEpoch = last.header.leaderEpoch;
  }
}

/** The records where they came, or alone if they are a small part of that memory. */
function keepable(records: Buffer, answer: Held): { readonly records: Buffer; readonly held: Held } {
  if (records.length >= answer.bytes * smallPart) return { records, held: answer };
  const copy = Buffer.allocUnsafeSlow(records.length);
  records.copy(copy);
  return { records: copy, held: { bytes: copy.length, batches: 0 } };
}
