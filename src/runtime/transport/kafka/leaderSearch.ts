import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { TopicPartition } from '../transport.ts';
import { backoffMs } from './backoff.ts';
import type { Connection, TopicMetadata } from './connection.ts';
import { isLost } from './requestLost.ts';

/** A partition that someone reads from or writes to, and what is known of who leads it. */
export interface LedPartition extends TopicPartition {
  /** Node id; undefined: to be found out. */
  leader: number | undefined;
  leaderEpoch: number;
  /** In a row. */
  failures: number;
  /** On the monotonic clock: no attempt before. */
  notBefore: number;
  /** When, on the monotonic clock, it was first missed in the metadata. */
  missingSince: number | undefined;
}

/** ms for which a topic that has just been made may be unknown to some brokers. */
export const missingGraceMs = 1000;

/** Finds the leaders of partitions, one question at a time, and finds them again when they have moved. */
export class LeaderSearch<P extends LedPartition> {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #found: () => void;
  readonly #failed: (partition: P, error: MillraceError) => void;
  readonly #met: (partition: P, topic: TopicMetadata) => void;
  #searching = false;

  /** `met` is called for each partition whose leader was found, `found` at the end of a search, also of one that found nothing. */
  constructor(
    connection: Connection,
    clock: Clock,
    found: () => void,
    failed: (partition: P, error: MillraceError) => void,
    met: (partition: P, topic: TopicMetadata) => void = () => {},
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#found = found;
    this.#failed = failed;
    this.#met = met;
  }

  start(partitions: readonly P[]): void {
    if (this.#searching) return;
    this.#searching = true;
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const fresh = partitions.some(({ failures }) => failures > 0);
    const done = (deal: () => void) => {
      this.#searching = false;
      deal();
      this.#found();
    };
    this.#connection.topics(names, { fresh }).then(
      (topics) => done(() => this.#learn(partitions, topics)),
      (error) => done(() => this.lost(partitions, error)),
    );
  }

  /** After an error that another leader may cure. */
  again(partition: P): void {
    partition.leader = undefined;
    this.later(partition);
  }

  later(partition: P): void {
    const wait = backoffMs(partition.failures++, this.#connection.random);
    partition.notBefore = this.#clock.monotonic() + wait;
  }

  /** After a request without an answer. */
  lost(partitions: readonly P[], error: unknown): void {
    const mayWork = isLost(error);
    for (const partition of partitions) {
      if (mayWork) this.again(partition);
      else this.#failed(partition, asMillraceError(error));
    }
  }

  #learn(partitions: readonly P[], topics: ReadonlyMap<string, TopicMetadata>): void {
    const now = this.#clock.monotonic();
    for (const partition of partitions) {
      const topic = topics.get(partition.topic);
      const found = topic?.partitions[partition.partition];
      if (topic !== undefined && found !== undefined && found.leader >= 0) {
        partition.leader = found.leader;
        partition.leaderEpoch = found.leaderEpoch;
        partition.missingSince = undefined;
        this.#met(partition, topic);
        continue;
      }
      this.again(partition);
      if (found !== undefined) continue;
      partition.missingSince ??= now;
      if (now - partition.missingSince >= missingGraceMs) this.#failed(partition, missing(partition, topic));
    }
  }
}

function missing({ topic, partition }: TopicPartition, known: TopicMetadata | undefined): MillraceError {
  return new MillraceError('UNKNOWN_TOPIC', 'the partition does not exist', {
    topic,
    partition,
    found: known === undefined ? 'no such topic' : `a topic of ${known.partitions.length} partitions`,
    next: `Create topic ${topic} with enough partitions, or correct its name.`,
  });
}

function asMillraceError(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError('INTERNAL', 'a request failed in a way it should not', {
    cause: error,
    next: 'Report it with the stack.',
  });
}
