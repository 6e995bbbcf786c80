import type { AbortedTransaction } from './protocol/fetch.ts';
import { type BatchHeader, isTransactional } from './recordBatch/batchHeader.ts';

/**
 * Tells which batches of one fetch answer belong to aborted transactions. The broker lists every aborted transaction that
 * has records in what it sends, also one that began in an earlier answer; by the time of abort, not of the first record.
 */
export class AbortedTransactions {
  readonly #byFirstOffset: readonly AbortedTransaction[];
  #next = 0;
  /** Producers that are, at the place looked at, inside a transaction that was aborted later. */
  readonly #open = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#byFirstOffset = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** To be asked for every batch, in order. */
  covers(header: BatchHeader): boolean {
    for (; this.#next < this.#byFirstOffset.length; this.#next++) {
      const { producerId, firstOffset } = this.#byFirstOffset[this.#next]!;
      if (firstOffset >= header.nextOffset) break;
      this.#open.add(producerId);
    }
    return isTransactional(header) && this.#open.has(header.producerId);
  }

  /** An abort marker: what the producer writes behind it is another transaction. */
  ended(producerId: number): void {
    this.#open.delete(producerId);
  }
}
