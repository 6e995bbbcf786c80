import type { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { ReaderOptions } from '../transport.ts';
import type { Connection } from './connection.ts';
import { LeaderSearch } from './leaderSearch.ts';
import { partitionKey } from './partitionKey.ts';
import { byTopic } from './protocol/byTopic.ts';
import { code, isRetriable, toMillraceError } from './protocol/errors.ts';
import { type FetchAnswer, type FetchedPartition, fetch } from './protocol/fetch.ts';
import { outOfRange, type ReadPartition } from './readPartition.ts';

/**
 * ms a broker may hold back an answer, per request that is under way to it. While the first waits, partitions that come to
 * want data go with the second, which is soon back to take others.
 */
const maxWaitMs = [500, 50] as const;

const smallestFetch = 16 * 1024;
const largestAnswer = 64 * 1024 * 1024;

/** Keeps fetches under way for what a reader has too little of; finds leaders, and finds them again when they move. */
export class FetchRequests {
  readonly #connection: Connection;
  readonly #options: ReaderOptions;
  readonly #clock: Clock;
  readonly #arrived: (moved: boolean) => void;
  readonly #lanes: readonly string[];
  readonly #leaders: LeaderSearch<ReadPartition>;
  /** Those that were served last come last. */
  readonly #partitions = new Set<ReadPartition>();
  /** Node and lane of what is under way. */
  readonly #busy = new Set<string>();
  #closed = false;
  #cancelTimer = (): void => {};

  /** `arrived` is called when there may be something to hand out; with true when a position or an end alone has moved. */
  constructor(
    connection: Connection,
    options: ReaderOptions,
    clock: Clock,
    arrived: (moved: boolean) => void,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.#arrived = arrived;
    const found = () => {
      this.pump();
      arrived(false);
    };
    const failed = (partition: ReadPartition, error: MillraceError) => {
      partition.error = error;
    };
    this.#leaders = new LeaderSearch(connection, clock, found, failed);
    // A lane of its own for each reader: one that waits must not hold up another.
    const id = Math.floor(connection.random() * 2 ** 40).toString(36);
    this.#lanes = maxWaitMs.map((_, index) => `fetch-${id}-${index}`);
  }

  readFor(partitions: readonly ReadPartition[]): void {
    this.#partitions.clear();
    for (const partition of partitions) this.#partitions.add(partition);
    this.pump();
  }

  /** Sends what can be sent. To be called whenever a partition may have come to want data. */
  pump(): void {
    if (this.#closed) return;
    this.#cancelTimer();
    const now = this.#clock.monotonic();
    const byLeader = new Map<number, ReadPartition[]>();
    let next = Number.POSITIVE_INFINITY;
    const leaderless: ReadPartition[] = [];
    for (const partition of this.#partitions) {
      if (!this.#wants(partition)) continue;
      if (partition.notBefore > now) next = Math.min(next, partition.notBefore);
      else if (partition.leader === undefined) leaderless.push(partition);
      else if (byLeader.has(partition.leader)) byLeader.get(partition.leader)!.push(partition);
      else byLeader.set(partition.leader, [partition]);
    }
    for (const [node, partitions] of byLeader) this.#send(node, partitions);
    if (leaderless.length > 0) this.#leaders.start(leaderless);
    if (next < Number.POSITIVE_INFINITY) this.#cancelTimer = this.#clock.after(next - now, () => this.pump());
  }

  retryLater(partition: ReadPartition): void {
    this.#leaders.later(partition);
    this.pump();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#partitions.clear();
    for (const lane of this.#lanes) this.#connection.release(lane);
  }

  /** Half of what the reader may hold, shared out evenly; the other half is for what is under way. */
  get #share(): number {
    return Math.max(smallestFetch, Math.floor(this.#options.maxBytes / 2 / this.#partitions.size));
  }

  #wants(partition: ReadPartition): boolean {
    if (partition.paused || partition.inFlight || partition.error !== undefined) return false;
    return partition.bytes < this.#share;
  }

  #send(node: number, partitions: readonly ReadPartition[]): void {
    const index = this.#lanes.findIndex((lane) => !this.#busy.has(`${node} ${lane}`));
    const lane = this.#lanes[index];
    if (lane === undefined) return;
    const busy = `${node} ${lane}`;
    this.#busy.add(busy);
    for (const partition of partitions) partition.inFlight = true;
    // Whoever has just been assigned wants to know the end at once.
    const wait = partitions.some(({ end }) => end === undefined) ? 0 : maxWaitMs[index]!;
    const done = (deal: () => void) => {
      this.#busy.delete(busy);
      for (const partition of partitions) partition.inFlight = false;
      if (this.#closed) return;
      deal();
      this.pump();
    };
    this.#connection
      .send(node, lane, this.#request(partitions, wait), wait + this.#connection.requestTimeoutMs)
      .then(
        (answer) => done(() => this.#receive(partitions, answer)),
        (error) =>
          done(() => {
            this.#leaders.lost(partitions, error);
            this.#arrived(false);
          }),
      );
  }

  #request(partitions: readonly ReadPartition[], wait: number): ReturnType<typeof fetch> {
    const share = this.#share;
    let total = 0;
    const wanted = partitions.map((partition) => {
      const maxBytes = Math.max(share, partition.minFetchBytes);
      total += maxBytes;
      return {
        topic: partition.topic,
        partition: partition.partition,
        offset: partition.fetchOffset,
        maxBytes,
        leaderEpoch: partition.leaderEpoch,
        lastFetchedEpoch: partition.lastFetchedEpoch,
      };
    });
    return fetch({
      isolation: this.#options.isolation,
      maxWaitMs: wait,
      maxBytes: Math.min(total, largestAnswer),
      topics: byTopic(wanted),
    });
  }

  #receive(asked: readonly ReadPartition[], answer: FetchAnswer): void {
    if (answer.errorCode !== code.none) {
      for (const partition of asked) this.#refused(partition, answer.errorCode);
    }
    const byName = new Map(asked.map((partition) => [partitionKey(partition), partition]));
    let moved = false;
    for (const fetched of answer.partitions) {
      const partition = byName.get(partitionKey(fetched));
      // Others were assigned meanwhile, or the same at another position.
      if (partition === undefined || !this.#partitions.has(partition)) continue;
      moved = this.#take(partition, fetched) || moved;
    }
    this.#arrived(moved);
  }

  /** true when a position or an end has moved that no batch tells of. */
  #take(partition: ReadPartition, fetched: FetchedPartition): boolean {
    if (fetched.errorCode !== code.none) {
      this.#refused(partition, fetched.errorCode);
      return false;
    }
    if (fetched.divergesAt !== undefined) {
      const found = `a log that was cut back and goes another way from offset ${fetched.divergesAt}`;
      partition.error = outOfRange(partition, found);
      return false;
    }
    const { fetchOffset, end } = partition;
    try {
      partition.receive(fetched);
      partition.failures = 0;
    } catch (error) {
      partition.error = error as MillraceError;
    }
    if (partition.fetchOffset === fetchOffset) return end === undefined;
    this.#partitions.delete(partition);
    this.#partitions.add(partition);
    return !partition.hasBatch;
  }

  #refused(partition: ReadPartition, errorCode: number): void {
    if (errorCode === code.offsetOutOfRange) {
      partition.error = outOfRange(partition, 'an offset below the first or above the last');
    } else if (isRetriable(errorCode) && errorCode !== code.corruptMessage) {
      this.#leaders.again(partition);
    } else {
      partition.error = toMillraceError(errorCode, 'the broker does not hand out the records', {
        topic: partition.topic,
        partition: partition.partition,
        offset: partition.fetchOffset,
        operation: 'Read',
        principal: this.#connection.principal,
      });
    }
  }
}
