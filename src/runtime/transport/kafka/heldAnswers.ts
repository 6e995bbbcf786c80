/** The memory of one answer. All of it stays for as long as one batch in it waits to be handed out. */
export interface Held {
  readonly bytes: number;
  batches: number;
}

/** What a reader's partitions keep in memory: each answer as a whole, once, however little of it is still wanted. */
export class HeldAnswers {
  /** In memory. */
  bytes = 0;
  /** Of them, what waits to be handed out. */
  wantedBytes = 0;

  keep(held: Held, batchBytes: number): void {
    if (held.batches === 0) this.bytes += held.bytes;
    held.batches++;
    this.wantedBytes += batchBytes;
  }

  release(held: Held, batchBytes: number): void {
    held.batches--;
    if (held.batches === 0) this.bytes -= held.bytes;
    this.wantedBytes -= batchBytes;
  }

  /** More than the limit is taken up, and an eighth or more of it by what nobody waits for. */
  isWasteful(limit: number): boolean {
    return this.bytes > limit && this.bytes > 1.125 * this.wantedBytes;
  }
}
