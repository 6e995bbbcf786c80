import type { LogBatch } from './logBatch.ts';
import type { Records } from './records.ts';

/** Keeps the records of the batches that were last written or read in memory, up to a limit. */
export class RecordCache {
  readonly #maxBytes: number;
  /** In the order they came; a batch stands here once as long as it has its records. */
  readonly #batches = new Set<LogBatch>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(batch: LogBatch, records: Records): void {
    batch.records = records;
    if (this.#batches.has(batch)) return;
    this.#batches.add(batch);
    this.#bytes += batch.bytes;
    for (const oldest of this.#batches) {
      if (this.#bytes <= this.#maxBytes || oldest === batch) break;
      this.remove(oldest);
    }
  }

  remove(batch: LogBatch): void {
    if (!this.#batches.delete(batch)) return;
    this.#bytes -= batch.bytes;
    batch.records = undefined;
  }
}
