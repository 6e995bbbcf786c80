import type { Isolation, TopicPartition } from '../transport.ts';
import { isControl, isHidden, type LogBatch } from './logBatch.ts';
import type { Records } from './records.ts';

/** A stretch of a partition as a reader is handed it. */
export interface Slice {
  readonly batches: readonly LogBatch[];
  /** Where to go on; past control, aborted and compacted-away records. */
  readonly nextOffset: number;
}

/** The log of one partition. Changing it is left to those who have written the change to the storage before. */
export class Partition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** By offset. */
  batches: LogBatch[] = [];
  start: number;
  /** High watermark and log end: there are no replicas to wait for. */
  end: number;
  /** Below this every transaction has ended, though compaction may have removed the markers. */
  decided = 0;
  deleted = false;
  /** Called whenever there may be more to read. */
  readonly changed: Set<() => void> = new Set();
  /** What each open transaction has written here. */
  readonly #open = new Map<number, LogBatch[]>();
  #lastStable: number | undefined;

  constructor(topic: string, partition: number, start = 0, end: number = start) {
    this.topic = topic;
    this.partition = partition;
    this.start = start;
    this.end = end;
  }

  /** Last stable offset: behind it lies the first record of a transaction that is still open. */
  get stable(): number {
    if (this.#open.size === 0) return this.end;
    return this.#lastStable ?? this.#findStable();
  }

  #findStable(): number {
    let stable = this.end;
    for (const [first] of this.#open.values()) stable = Math.min(stable, first!.baseOffset);
    this.#lastStable = stable;
    return stable;
  }

  limit(isolation: Isolation): number {
    return isolation === 'committed' ? this.stable : this.end;
  }

  /** What the transaction that a producer has open has written here. */
  written(producerId: number): readonly LogBatch[] {
    return this.#open.get(producerId) ?? [];
  }

  append(batch: LogBatch): void {
    this.batches.push(batch);
    this.end = batch.nextOffset;
    this.#track(batch);
    this.#notify();
  }

  #track(batch: LogBatch): void {
    if (batch.kind === 'transactional') {
      const written = this.#open.get(batch.producerId);
      if (written === undefined) this.#open.set(batch.producerId, [batch]);
      else written.push(batch);
    } else if (isControl(batch)) {
      if (batch.kind === 'abort') for (const one of this.written(batch.producerId)) one.aborted = true;
      this.#open.delete(batch.producerId);
    }
    this.#lastStable = undefined;
  }

  /** Begins with what a storage has kept. */
  restore(batches: LogBatch[], decided: number): void {
    this.batches = batches;
    this.decided = decided;
    for (const batch of batches) if (batch.baseOffset >= decided) this.#track(batch);
    const last = batches.at(-1);
    if (last !== undefined) this.end = Math.max(this.end, last.nextOffset);
  }

  /** First offset of a record with a timestamp at or behind it; the end where there is none. */
  offsetAt(timestamp: number, recordsOf: (batch: LogBatch) => Records): number {
    for (const batch of this.batches) {
      if (batch.maxTimestamp < timestamp || batch.count === 0) continue;
      const records = recordsOf(batch);
      for (let index = records.indexOf(this.start - batch.baseOffset); index < records.count; index++) {
        if (records.timestamps[index]! >= timestamp) return batch.baseOffset + records.offset(index);
      }
    }
    return this.end;
  }

  openProducers(): number[] {
    return [...this.#open.keys()];
  }

  /** Batches that cleaning has left of those below `before`, which is not behind the last stable offset. */
  replace(before: number, cleaned: readonly LogBatch[]): void {
    this.decided = before;
    this.batches = [...cleaned, ...this.batches.slice(this.indexOf(before))];
  }

  moveStart(start: number): void {
    this.start = start;
    this.batches = this.batches.slice(this.indexOf(start));
    this.#notify();
  }

  delete(): void {
    this.deleted = true;
    this.#notify();
  }

  /** Of the first batch that covers an offset or lies behind it. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.batches[middle]!.nextOffset > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  read(from: number, isolation: Isolation, maxRecords: number, maxBytes: number): Slice {
    const limit = this.limit(isolation);
    const batches: LogBatch[] = [];
    let records = 0;
    let bytes = 0;
    for (let index = this.indexOf(from); index < this.batches.length; index++) {
      const batch = this.batches[index]!;
      if (batch.nextOffset > limit) break;
      if (isHidden(batch, isolation)) continue;
      if (records >= maxRecords || bytes >= maxBytes) return { batches, nextOffset: batch.baseOffset };
      batches.push(batch);
      records += batch.count;
      bytes += batch.bytes;
    }
    return { batches, nextOffset: Math.max(from, limit) };
  }

  #notify(): void {
    for (const call of this.changed) call();
  }
}
