import type { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { ReaderOptions } from '../transport.ts';
import type { Connection } from './connection.ts';
import { FetchAnswers } from './fetchAnswers.ts';
import { FetchLane, type Flight } from './fetchLane.ts';
import type { WantedPartition } from './fetchSession.ts';
import type { HeldAnswers } from './heldAnswers.ts';
import { LeaderSearch } from './leaderSearch.ts';
import { type FetchSessionStep, fetch } from './protocol/fetch.ts';
import type { ReadPartition } from './readPartition.ts';

/**
 * ms a broker may hold back an answer, per request that is under way to it. While the first waits, partitions that come to
 * want data go with the second, which is soon back to take others.
 */
const maxWaitMs = [500, 50] as const;

const defaultPartitionBytes = 4 * 1024 * 1024;
const smallestBound = 16 * 1024;
/**
 * Bytes of an answer, unless its first batch alone is larger. Memory of that size is given back by V8's collections of young
 * objects; answers of 2 MiB and more cost a full collection every 16 MiB, a third of all that reading takes.
 */
const largestAnswer = 1024 * 1024;
/** ms beyond the time granted, after which the cluster is asked whether the node that does not answer is still the one to ask. */
const suspiciousMs = 2000;

/** Keeps fetches under way for what a reader has too little of; finds leaders, and finds them again when they move. */
export class FetchRequests {
  readonly #connection: Connection;
  readonly #options: ReaderOptions;
  readonly #clock: Clock;
  readonly #held: HeldAnswers;
  readonly #arrived: (moved: boolean) => void;
  readonly #leaders: LeaderSearch<ReadPartition>;
  readonly #answers: FetchAnswers;
  /** A lane of its own for each reader: one that waits must not hold up another. */
  readonly #laneName: string;
  readonly #lanes = new Map<number, readonly FetchLane[]>();
  /** Those that were served last come last. */
  readonly #partitions = new Set<ReadPartition>();
  #closed = false;
  #cancelTimer = (): void => {};

  /** `arrived` is called when there may be something to hand out; with true when a position or an end alone has moved. */
  constructor(
    connection: Connection,
    options: ReaderOptions,
    clock: Clock,
    held: HeldAnswers,
    arrived: (moved: boolean) => void,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.#held = held;
    this.#arrived = arrived;
    const found = () => {
      this.pump();
      arrived(false);
    };
    const failed = (partition: ReadPartition, error: MillraceError) => {
      partition.error = error;
    };
    this.#leaders = new LeaderSearch(connection, clock, found, failed, (partition, topic) =>
      this.#answers.met(partition, topic),
    );
    this.#answers = new FetchAnswers(connection, clock, this.#partitions, this.#leaders, found);
    this.#laneName = `fetch-${Math.floor(connection.random() * 2 ** 40).toString(36)}`;
  }

  readFor(partitions: readonly ReadPartition[]): void {
    this.#partitions.clear();
    for (const partition of partitions) this.#partitions.add(partition);
    this.#answers.forgetOthers();
    this.pump();
  }

  /** Sends what can be sent. To be called whenever a partition may have come to want data. */
  pump(): void {
    if (this.#closed) return;
    if (this.#held.isWasteful(this.#options.maxBytes)) {
      for (const partition of this.#partitions) partition.settleDown();
    }
    this.#cancelTimer();
    const now = this.#clock.monotonic();
    const byNode = new Map<number, ReadPartition[]>();
    let next = Number.POSITIVE_INFINITY;
    const leaderless: ReadPartition[] = [];
    const bound = this.#bound;
    for (const partition of this.#partitions) {
      if (!wants(partition, bound)) continue;
      const node = partition.nodeToAsk(now);
      if (partition.notBefore > now) next = Math.min(next, partition.notBefore);
      else if (node === undefined) leaderless.push(partition);
      else if (byNode.has(node)) byNode.get(node)!.push(partition);
      else byNode.set(node, [partition]);
    }
    for (const [node, partitions] of byNode) this.#send(node, partitions, bound);
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
    for (const [node, lanes] of this.#lanes) {
      for (const lane of lanes) {
        const last = lane.end();
        // A session that is not ended is given up by the broker when it needs the room: nothing depends on this request.
        if (last !== undefined)
          this.#connection.send(node, lane.name, this.#request(last, 0, 0)).catch(() => {});
      }
    }
    for (const index of maxWaitMs.keys()) this.#connection.release(`${this.#laneName}-${index}`);
  }

  /** Bytes a partition may hold, what it is asked for included: no partition can take up what is another's. */
  get #bound(): number {
    const { maxBytes, maxPartitionBytes = defaultPartitionBytes } = this.#options;
    return Math.max(smallestBound, Math.min(maxPartitionBytes, Math.floor(maxBytes / this.#partitions.size)));
  }

  #send(node: number, partitions: readonly ReadPartition[], bound: number): void {
    const lane = this.#freeLane(node);
    if (lane === undefined) return;
    const flight: Flight = { node, partitions };
    lane.busy = true;
    // Whoever has just been assigned wants to know the end at once.
    const areNew = partitions.some(({ end }) => end === undefined);
    const wait = areNew ? 0 : lane.maxWaitMs;
    let total = 0;
    const wanted = partitions.map((partition) => {
      partition.flight = flight;
      const one = asWanted(partition, bound);
      total += one.maxBytes;
      return one;
    });
    const rack = this.#rackFor(partitions);
    const request = this.#request(lane.step(wanted, areNew), wait, total, rack);
    let stopWatching = this.#watch(flight, wait + suspiciousMs, (stop) => {
      stopWatching = stop;
    });
    const done = (deal: () => void) => {
      stopWatching();
      lane.busy = false;
      if (this.#closed) return;
      deal();
      this.pump();
    };
    this.#connection.send(node, lane.name, request, wait + this.#connection.requestTimeoutMs).then(
      (answer) => done(() => this.#arrived(this.#answers.receive(lane, flight, answer))),
      (error) =>
        done(() => {
          this.#answers.lost(lane, flight, error);
          this.#arrived(false);
        }),
    );
  }

  /** '': the leader is to answer itself, for at least one of them. The others lose nothing by it. */
  #rackFor(partitions: readonly ReadPartition[]): string {
    const { rack } = this.#connection;
    if (rack === undefined) return '';
    const now = this.#clock.monotonic();
    return partitions.some(({ noReplicaBefore }) => noReplicaBefore > now) ? '' : rack;
  }

  #request(session: FetchSessionStep, wait: number, bytes: number, rack = ''): ReturnType<typeof fetch> {
    const { isolation } = this.#options;
    return fetch({ isolation, maxWaitMs: wait, maxBytes: Math.min(bytes, largestAnswer), session, rack });
  }

  #freeLane(node: number): FetchLane | undefined {
    let lanes = this.#lanes.get(node);
    if (lanes === undefined) {
      lanes = maxWaitMs.map((wait, index) => new FetchLane(`${this.#laneName}-${index}`, wait, index === 0));
      this.#lanes.set(node, lanes);
    }
    return lanes.find(({ busy }) => !busy);
  }

  /** While there is no answer, partitions that are led elsewhere meanwhile are asked for there. Hands out how to stop. */
  #watch(flight: Flight, ms: number, again: (stop: () => void) => void): () => void {
    return this.#clock.after(ms, () => {
      again(this.#watch(flight, suspiciousMs, again));
      this.#answers.giveUpWhatMoved(flight).then(
        () => this.pump(),
        // The cluster does not say: the request itself is waited for, and told about.
        () => {},
      );
    });
  }
}

/** Half of the bound is free at least, or many small requests would do the work of a large one. */
function wants(partition: ReadPartition, bound: number): boolean {
  return partition.flight === undefined && partition.error === undefined && partition.bytes <= bound / 2;
}

function asWanted(partition: ReadPartition, bound: number): WantedPartition {
  return {
    topicId: partition.topicId!,
    partition: partition.partition,
    offset: partition.fetchOffset,
    maxBytes: Math.max(bound - partition.bytes, partition.minFetchBytes),
    leaderEpoch: partition.leaderEpoch,
    lastFetchedEpoch: partition.lastFetchedEpoch,
  };
}
