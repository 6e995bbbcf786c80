import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { Batch, Reader, ReaderOptions, TopicPartition } from '../transport.ts';
import type { Connection } from './connection.ts';
import { FetchRequests } from './fetchRequests.ts';
import { HeldAnswers } from './heldAnswers.ts';
import { partitionKey } from './partitionKey.ts';
import { ReadPartition } from './readPartition.ts';

/** Decompressed bytes one poll hands out, so that neither memory nor the event loop is taken up by a large backlog at once. */
const handOutBytes = 4 * 1024 * 1024;

export function createReader(connection: Connection, options: ReaderOptions, clock: Clock): Reader {
  return new Fetcher(connection, options, clock);
}

/** What was read ahead, per partition, and in what order it is handed out; FetchRequests brings it in. */
class Fetcher implements Reader {
  readonly kind = 'reader';
  readonly #connection: Connection;
  readonly #options: ReaderOptions;
  readonly #clock: Clock;
  readonly #requests: FetchRequests;
  readonly #held = new HeldAnswers();
  readonly #partitions = new Map<string, ReadPartition>();
  /** In turn, so that each partition comes first equally often. */
  #turn: ReadPartition[] = [];
  /** A position or an end has become known that no batch tells of. */
  #moved = false;
  #closed = false;
  #wake = (): void => {};

  constructor(connection: Connection, options: ReaderOptions, clock: Clock) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.#requests = new FetchRequests(connection, options, clock, this.#held, (moved) => {
      this.#moved ||= moved;
      this.#wake();
    });
    connection.inUse.add(this);
  }

  assign(positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#failIfClosed();
    const before = new Map(this.#partitions);
    this.#partitions.clear();
    for (const position of positions) {
      const key = partitionKey(position);
      const known = before.get(key);
      const goesOn = known?.position === position.offset && known.error === undefined;
      const next = goesOn ? known : this.#begin(position);
      if (goesOn) before.delete(key);
      next.paused = false;
      this.#partitions.set(key, next);
    }
    for (const partition of before.values()) partition.drop();
    this.#turn = [...this.#partitions.values()];
    this.#requests.readFor(this.#turn);
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#among(partitions)) partition.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#among(partitions)) partition.paused = false;
    this.#wake();
  }

  async poll(maxWaitMs: number): Promise<Batch[]> {
    const deadline = this.#clock.monotonic() + maxWaitMs;
    for (;;) {
      this.#failIfClosed();
      const batches = this.#take();
      const left = deadline - this.#clock.monotonic();
      if (batches.length > 0 || this.#moved || left <= 0) {
        this.#moved = false;
        this.#requests.pump();
        return batches;
      }
      await this.#arrival(left);
    }
  }

  position(partition: TopicPartition): number {
    const found = this.#partitions.get(partitionKey(partition));
    if (found !== undefined) return found.position;
    throw new MillraceError('INVALID_ARGUMENT', 'the reader does not read this partition', {
      topic: partition.topic,
      partition: partition.partition,
      expected: [...this.#partitions.keys()].join(', ') || 'none',
      next: 'Ask for a partition that was given to assign().',
    });
  }

  end(partition: TopicPartition): number | undefined {
    return this.#partitions.get(partitionKey(partition))?.end;
  }

  heardAt(partition: TopicPartition): number | undefined {
    return this.#partitions.get(partitionKey(partition))?.heardAt;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#connection.inUse.delete(this);
    this.#requests.close();
    this.#wake();
  }

  #begin(position: TopicPartition & { readonly offset: number }): ReadPartition {
    return new ReadPartition(position, position.offset, this.#options.isolation, this.#held);
  }

  /** Everything there is, one batch of each partition after the other, up to a limit. */
  #take(): Batch[] {
    for (const partition of this.#turn) this.#throwErrorOf(partition);
    const batches: Batch[] = [];
    let bytes = 0;
    let found = true;
    while (found && bytes < handOutBytes) {
      found = false;
      for (const partition of this.#turn) {
        const batch = partition.paused ? undefined : this.#takeFrom(partition);
        if (batch === undefined) continue;
        found = true;
        batches.push(batch);
        bytes += batch.bytes;
        if (bytes >= handOutBytes) break;
      }
    }
    const first = this.#turn.shift();
    if (first !== undefined) this.#turn.push(first);
    return batches;
  }

  #takeFrom(partition: ReadPartition): Batch | undefined {
    try {
      return partition.take();
    } catch (error) {
      // Kept for the next call: what was taken already is not to be lost.
      if (!(error instanceof MillraceError)) throw error;
      partition.error = error;
      this.#wake();
      return undefined;
    }
  }

  /** Once what came before the error has been handed out. Thereafter the partition is tried again. */
  #throwErrorOf(partition: ReadPartition): void {
    const { error } = partition;
    if (error === undefined || partition.paused || partition.hasBatch) return;
    partition.error = undefined;
    this.#requests.retryLater(partition);
    throw error;
  }

  #arrival(maxWaitMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake(); // an earlier poll that nobody has awaited
      const cancel = this.#clock.after(maxWaitMs, () => this.#wake());
      this.#wake = () => {
        cancel();
        this.#wake = () => {};
        resolve();
      };
    });
  }

  /** Others, as may just have been taken away, are passed over. */
  #among(partitions: readonly TopicPartition[]): ReadPartition[] {
    return partitions.flatMap((partition) => this.#partitions.get(partitionKey(partition)) ?? []);
  }

  #failIfClosed(): void {
    this.#connection.closed.throwIfAborted();
    if (!this.#closed) return;
    throw new MillraceError('TRANSPORT_CLOSED', 'the reader was closed', { next: 'Open a new one.' });
  }
}
