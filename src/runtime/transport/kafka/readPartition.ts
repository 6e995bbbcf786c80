import { MillraceError } from '../../../errors.ts';
import type { Batch, Isolation, TopicPartition } from '../transport.ts';
import { AbortedTransactions } from './abortedTransactions.ts';
import type { LedPartition } from './leaderSearch.ts';
import type { FetchedPartition } from './protocol/fetch.ts';
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
  readonly from: number;
  nextOffset: number;
}

const abortMarker = 0;

/** One assigned partition of a reader: where it is, and what was read ahead. */
export class ReadPartition implements LedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #isolation: Isolation;
  #readAhead: ReadAhead[] = [];
  #paused = false;
  inFlight = false;
  leader: number | undefined;
  leaderEpoch = -1;
  lastFetchedEpoch = -1;
  /** Where the next fetch begins. */
  fetchOffset: number;
  /** Bytes of what was read ahead, as they came. */
  bytes = 0;
  end: number | undefined;
  /** What poll has to throw. */
  error: MillraceError | undefined;
  /** What a single batch was seen to need beyond the usual. */
  minFetchBytes = 0;
  failures = 0;
  notBefore = 0;
  missingSince: number | undefined;

  constructor({ topic, partition }: TopicPartition, offset: number, isolation: Isolation) {
    this.topic = topic;
    this.partition = partition;
    this.fetchOffset = offset;
    this.#isolation = isolation;
  }

  /** Where the next batch to be handed out begins. */
  get position(): number {
    return this.#readAhead[0]?.from ?? this.fetchOffset;
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
    this.#settleDown();
  }

  resume(): void {
    this.#paused = false;
  }

  get hasBatch(): boolean {
    return this.#readAhead.length > 0;
  }

  /** Takes in what a broker answered without error. CORRUPT_BATCH; what came before the damage is kept. */
  receive(fetched: FetchedPartition): void {
    const { aborted, highWatermark, lastStableOffset, records } = fetched;
    const committed = this.#isolation === 'committed';
    this.end = committed && lastStableOffset >= 0 ? lastStableOffset : highWatermark;
    const filter = committed ? new AbortedTransactions(aborted) : undefined;
    let header = readBatchHeader(records, 0, this);
    if (header === undefined && records.length > 0) {
      this.minFetchBytes = firstBatchBytes(records) ?? 2 * records.length;
    }
    for (; header !== undefined; header = readBatchHeader(records, header.end, this)) {
      const hidden = this.#hides(records, header, filter);
      if (header.nextOffset > this.fetchOffset) this.#advance(records, header, hidden);
    }
    if (this.#paused) this.#settleDown();
  }

  /** The next batch, checked and decompressed. CORRUPT_BATCH: it will be fetched again. */
  take(): Batch | undefined {
    for (let next = this.#readAhead[0]; next !== undefined; next = this.#readAhead[0]) {
      const { buffer, header, from, nextOffset } = next;
      let batch: Batch;
      try {
        batch = openBatch(buffer, header, this, from, nextOffset);
      } catch (error) {
        this.#rewindTo(from);
        throw error;
      }
      this.#readAhead.shift();
      this.bytes -= header.end - header.start;
      if (batch.remaining > 0) return batch;
    }
    return undefined;
  }

  #advance(buffer: Buffer, header: BatchHeader, hidden: boolean): void {
    if (!hidden) {
      const from = Math.max(this.fetchOffset, header.baseOffset);
      this.#readAhead.push({ buffer, header, from, nextOffset: header.nextOffset });
      this.bytes += header.end - header.start;
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

  /** What waits for long must not keep the whole of the answers waiting that it came in. */
  #settleDown(): void {
    this.#readAhead = this.#readAhead.map(alone);
  }

  #rewindTo(offset: number): void {
    this.#readAhead.length = 0;
    this.bytes = 0;
    this.fetchOffset = offset;
    this.lastFetchedEpoch = -1;
  }
}

/** The same in memory of its own, unless it is most of the answer it came in. */
function alone(batch: ReadAhead): ReadAhead {
  const { buffer, header } = batch;
  const size = header.end - header.start;
  if (2 * size >= buffer.buffer.byteLength) return batch;
  const copy = Buffer.allocUnsafeSlow(size);
  buffer.copy(copy, 0, header.start, header.end);
  return { ...batch, buffer: copy, header: { ...header, start: 0, end: size } };
}

/** The position is not in the log: the caller decides where to go on. */
export function outOfRange({ topic, partition, fetchOffset }: ReadPartition, found: string): MillraceError {
  return new MillraceError('OFFSET_OUT_OF_RANGE', 'the position is not in the partition', {
    topic,
    partition,
    offset: fetchOffset,
    expected: 'an offset of the partition, or its end',
    found,
    next: 'Choose where to go on: the start or the end of the partition. Records may have been lost to retention.',
  });
}
