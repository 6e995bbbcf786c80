import { MillraceError } from '../../../errors.ts';
import type { Batch, Isolation, Reader, ReaderOptions, TopicPartition } from '../transport.ts';
import { EmbeddedBatch, type Part } from './batch.ts';
import type { Broker } from './broker.ts';
import { type Connection, transportClosed } from './connection.ts';
import type { Partition, Slice } from './partition.ts';
import { outOfRange } from './topics.ts';

const batchRecords = 1_000;
const batchBytes = 1024 * 1024;

interface Assigned extends TopicPartition {
  position: number;
  end: number | undefined;
  heardAt: number | undefined;
  paused: boolean;
  /** Where it listens for more; another one after the topic was deleted and created again. */
  log: Partition | undefined;
}

/** Reads the log in place. There is nothing to read ahead: every poll() takes what is there. */
export class EmbeddedReader implements Reader {
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #isolation: Isolation;
  #assigned: Assigned[] = [];
  /** Index of the partition that is served first at the next poll. */
  #turn = 0;
  #closed = false;
  #waiting = new Set<() => void>();
  readonly #wake = (): void => {
    for (const wake of this.#waiting) wake();
  };

  constructor(broker: Broker, connection: Connection, { isolation }: ReaderOptions) {
    this.#broker = broker;
    this.#connection = connection;
    this.#isolation = isolation;
    connection.opened(this);
  }

  assign(positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#check();
    this.#forget();
    this.#assigned = positions.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      position: offset,
      end: undefined,
      heardAt: undefined,
      paused: false,
      log: undefined,
    }));
    this.#turn = 0;
    this.#wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const found = this.#find(partition);
      if (found !== undefined) found.paused = true;
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const found = this.#find(partition);
      if (found !== undefined) found.paused = false;
    }
    this.#wake();
  }

  async poll(maxWaitMs: number): Promise<Batch[]> {
    const clock = this.#connection.clock;
    const deadline = clock.monotonic() + maxWaitMs;
    const ready = clock.monotonic() + this.#connection.hold({ api: 'fetch' });
    for (;;) {
      this.#check();
      const now = clock.monotonic();
      if (now >= ready) {
        const { batches, moved } = this.#fetch();
        if (batches.length > 0 || moved) return batches;
      }
      if (now >= deadline) return [];
      await this.#change(Math.min(deadline, now < ready ? ready : deadline) - now);
    }
  }

  position(partition: TopicPartition): number {
    const found = this.#find(partition);
    if (found !== undefined) return found.position;
    throw new MillraceError('INVALID_ARGUMENT', 'the reader does not read this partition', {
      topic: partition.topic,
      partition: partition.partition,
      next: 'Ask for a partition that was given to assign().',
    });
  }

  end(partition: TopicPartition): number | undefined {
    return this.#find(partition)?.end;
  }

  heardAt(partition: TopicPartition): number | undefined {
    return this.#find(partition)?.heardAt;
  }

  async close(): Promise<void> {
    this.#connection.ended(this);
    this.crashed();
  }

  crashed(): void {
    this.#closed = true;
    this.#forget();
    this.#wake();
  }

  #forget(): void {
    for (const { log } of this.#assigned) log?.changed.delete(this.#wake);
    this.#assigned = [];
  }

  #check(): void {
    this.#connection.check();
    if (this.#closed) throw transportClosed();
  }

  #find({ topic, partition }: TopicPartition): Assigned | undefined {
    return this.#assigned.find((one) => one.partition === partition && one.topic === topic);
  }

  /** What there is of every partition, beginning with another one each time. */
  #fetch(): { batches: Batch[]; moved: boolean } {
    const batches: Batch[] = [];
    let moved = false;
    const count = this.#assigned.length;
    const first = this.#turn++;
    for (let step = 0; step < count; step++) {
      const one = this.#assigned[(first + step) % count]!;
      if (one.paused || !this.#isReadable(one, batches)) continue;
      const slice = one.log!.read(one.position, this.#isolation, batchRecords, batchBytes);
      const batch = this.#batch(one, one.log!, slice);
      if (batch !== undefined) batches.push(batch);
      else if (slice.nextOffset > one.position) moved = true;
      one.position = slice.nextOffset;
      one.end = one.log!.limit(this.#isolation);
      one.heardAt = this.#connection.clock.monotonic();
    }
    return { batches, moved };
  }

  /** Throws what is wrong with it, unless there is something to hand out: each has its turn to be the first. */
  #isReadable(one: Assigned, found: readonly Batch[]): boolean {
    const error = this.#fault(one);
    if (error !== undefined && found.length === 0) throw error;
    return error === undefined;
  }

  #fault(one: Assigned): MillraceError | undefined {
    if (one.log === undefined || one.log.deleted) {
      one.log?.changed.delete(this.#wake);
      one.log = undefined;
      try {
        one.log = this.#broker.topics.partition(one);
      } catch (error) {
        return error as MillraceError;
      }
      one.log.changed.add(this.#wake);
    }
    const isThere = one.position >= one.log.start && one.position <= one.log.end;
    return isThere ? undefined : outOfRange(one.log, one.position);
  }

  #batch(one: Assigned, log: Partition, { batches, nextOffset }: Slice): EmbeddedBatch | undefined {
    const parts: Part[] = [];
    for (const batch of batches) {
      const records = this.#broker.recordsOf(log, batch);
      const from = records.indexOf(one.position - batch.baseOffset);
      if (from < records.count)
        parts.push({ baseOffset: batch.baseOffset, producerId: batch.producerId, records, from });
    }
    return parts.length === 0 ? undefined : new EmbeddedBatch(one, parts, nextOffset);
  }

  /** Resolves when there may be more to read, or after `ms`. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#connection.clock.after(ms, done);
      this.#waiting.add(done);
    });
  }
}
