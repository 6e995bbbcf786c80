import type { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import { askLeaders } from './askLeaders.ts';
import type { Connection, TopicMetadata } from './connection.ts';
import type { FetchLane, Flight } from './fetchLane.ts';
import type { Held } from './heldAnswers.ts';
import type { LeaderSearch } from './leaderSearch.ts';
import { madeAnew, outOfRange, truncated } from './positionErrors.ts';
import { code, isRetriable, toMillraceError } from './protocol/errors.ts';
import type { FetchAnswer, FetchedPartition } from './protocol/fetch.ts';
import { endOfPartition, listOffsets, startOfPartition } from './protocol/listOffsets.ts';
import type { ReadPartition } from './readPartition.ts';

/** ms for which a replica that the leader has named is asked; then the leader may name another. */
const replicaForMs = 300_000;
/** ms for which the leader is asked itself after a replica has failed. */
const leaderForMs = 10_000;

/** Attempts, some seconds in all, for which a leader may deny a position that its range has. */
const patience = 8;

const sessionErrors: readonly number[] = [
  code.fetchSessionIdNotFound,
  code.invalidFetchSessionEpoch,
  code.fetchSessionTopicIdError,
];
/** What a replica answers that is only behind the leader. */
const behind: readonly number[] = [code.offsetOutOfRange, code.offsetNotAvailable, code.unknownLeaderEpoch];

/** What becomes of the partitions of a reader with each answer: records taken in, errors sorted, positions checked. */
export class FetchAnswers {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #partitions: Set<ReadPartition>;
  readonly #leaders: LeaderSearch<ReadPartition>;
  readonly #checked: () => void;
  /** By topic id and partition, as answers name them. */
  readonly #byId = new Map<string, ReadPartition>();

  /** `checked` is called when more has become known of a partition than an answer said. */
  constructor(
    connection: Connection,
    clock: Clock,
    partitions: Set<ReadPartition>,
    leaders: LeaderSearch<ReadPartition>,
    checked: () => void,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#partitions = partitions;
    this.#leaders = leaders;
    this.#checked = checked;
  }

  /** To be called when the set of partitions has changed. */
  forgetOthers(): void {
    for (const [id, partition] of this.#byId) if (!this.#partitions.has(partition)) this.#byId.delete(id);
  }

  /** The metadata speaks of the partition: is it still the same one? */
  met(partition: ReadPartition, topic: TopicMetadata): void {
    const id = topic.topicId.toString('hex');
    partition.replica = undefined;
    if (partition.topicId === id) return;
    if (partition.topicId !== undefined && partition.end !== undefined) {
      partition.error = madeAnew(partition, id);
      return;
    }
    partition.topicId = id;
    this.#byId.set(`${id} ${partition.partition}`, partition);
  }

  /** true when a position or an end has moved that no batch tells of. */
  receive(lane: FetchLane, flight: Flight, answer: FetchAnswer): boolean {
    const open = land(flight);
    if (answer.errorCode !== code.none) {
      lane.lost(answer.errorCode === code.fetchSessionIdNotFound);
      for (const partition of open) this.#refused(partition, flight, answer.errorCode);
      return false;
    }
    lane.answered(answer.sessionId);
    const held: Held = { bytes: answer.memoryBytes, batches: 0 };
    let moved = false;
    for (const fetched of answer.partitions) {
      const partition = this.#byId.get(`${fetched.topicId} ${fetched.partition}`);
      // Others were assigned meanwhile, or the same at another position.
      if (partition === undefined || !open.delete(partition) || !this.#partitions.has(partition)) continue;
      moved = this.#take(partition, flight, fetched, held) || moved;
      if (fetched.errorCode === code.none) partition.heardAt = this.#clock.monotonic();
    }
    // Of what a session leaves out there is nothing to say: it is as it was.
    for (const partition of open) {
      partition.failures = 0;
      partition.heardAt = this.#clock.monotonic();
    }
    return moved;
  }

  lost(lane: FetchLane, flight: Flight, error: unknown): void {
    lane.lost();
    const open = [...land(flight)];
    const atLeader = open.filter(({ leader }) => leader === flight.node);
    for (const partition of open) if (partition.leader !== flight.node) this.#leaveReplica(partition);
    this.#leaders.lost(atLeader, error);
  }

  /** Frees the partitions of a request without an answer that another node leads by now, or that it was not to lead. */
  async giveUpWhatMoved(flight: Flight): Promise<void> {
    const waiting = flight.partitions.filter((partition) => partition.flight === flight);
    if (waiting.length === 0) return;
    for (const partition of waiting) {
      if (partition.leader === flight.node) continue;
      this.#leaveReplica(partition);
      partition.flight = undefined;
    }
    const names = new Set(waiting.map(({ topic }) => topic));
    const topics = await this.#connection.topics([...names], { fresh: true });
    for (const partition of waiting) {
      const leader = topics.get(partition.topic)?.partitions[partition.partition]?.leader ?? -1;
      if (partition.flight !== flight || leader < 0 || leader === flight.node) continue;
      partition.flight = undefined;
      partition.leader = undefined;
    }
  }

  #take(partition: ReadPartition, flight: Flight, fetched: FetchedPartition, held: Held): boolean {
    if (fetched.errorCode !== code.none) {
      this.#refused(partition, flight, fetched.errorCode);
      return false;
    }
    if (fetched.divergence !== undefined) {
      if (partition.cutBackTo(fetched.divergence)) this.#leaders.later(partition);
      else partition.error = truncated(partition, fetched.divergence);
      return false;
    }
    const { fetchOffset, end } = partition;
    try {
      partition.receive(fetched, held);
      partition.failures = 0;
    } catch (error) {
      partition.error = error as MillraceError;
    }
    if (fetched.preferredReplica >= 0 && fetched.preferredReplica !== flight.node) {
      partition.replica = fetched.preferredReplica;
      partition.replicaUntil = this.#clock.monotonic() + replicaForMs;
    }
    if (partition.fetchOffset === fetchOffset) return end === undefined;
    this.#partitions.delete(partition);
    this.#partitions.add(partition);
    return !partition.hasBatch;
  }

  #refused(partition: ReadPartition, flight: Flight, errorCode: number): void {
    if (sessionErrors.includes(errorCode)) this.#leaders.later(partition);
    else if (partition.leader !== flight.node) {
      this.#leaveReplica(partition);
      if (!behind.includes(errorCode)) this.#leaders.again(partition);
    } else if (errorCode === code.offsetOutOfRange) this.#checkRange(partition);
    else if (isRetriable(errorCode) && errorCode !== code.corruptMessage) this.#leaders.again(partition);
    else {
      partition.error = toMillraceError(errorCode, 'the broker does not hand out the records', {
        topic: partition.topic,
        partition: partition.partition,
        offset: partition.fetchOffset,
        operation: 'Read',
        principal: this.#connection.principal,
      });
    }
  }

  #leaveReplica(partition: ReadPartition): void {
    partition.replica = undefined;
    partition.noReplicaBefore = this.#clock.monotonic() + leaderForMs;
  }

  /** The leader does not have the position: what does it have? One that is there after all is asked for again. */
  #checkRange(partition: ReadPartition): void {
    const checking = {};
    partition.flight = checking;
    const ask = (place: number) =>
      askLeaders(this.#connection, this.#clock, {
        partitions: [partition],
        lane: 'control',
        request: (wanted) => listOffsets(wanted, place, 'uncommitted'),
        what: 'the position is not in the partition, and its range was not found',
        operation: 'Describe',
      });
    const done = (deal: () => void) => {
      if (partition.flight !== checking) return;
      partition.flight = undefined;
      deal();
      this.#checked();
    };
    Promise.all([ask(startOfPartition), ask(endOfPartition)]).then(
      ([[first], [last]]) =>
        done(() => {
          const range = { start: first!.offset, end: last!.offset };
          const { fetchOffset } = partition;
          const isThere = range.start <= fetchOffset && fetchOffset <= range.end;
          if (isThere && partition.failures < patience) this.#leaders.again(partition);
          else partition.error = outOfRange(partition, range);
        }),
      (error) => done(() => this.#leaders.lost([partition], error)),
    );
  }
}

/** The partitions that a request has still to answer for, free to be asked for again. */
function land(flight: Flight): Set<ReadPartition> {
  const open = new Set<ReadPartition>();
  for (const partition of flight.partitions) {
    if (partition.flight !== flight) continue;
    partition.flight = undefined;
    open.add(partition);
  }
  return open;
}
