/** One partition that a task reads: batches go in, records come out one at a time, in order of offset. */
export interface Input {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first record that has not been processed: what a commit stores. */
  readonly position: number;
  /** Memory held by what was added and not yet processed. */
  readonly bytes: number;
  /** Makes the next record the head, unless there is one. false: nothing to take now. */
  load(): boolean;
  /** Event time of the head. */
  readonly timestamp: number;
  /** Processes the head. */
  dispatch(): void;
}
