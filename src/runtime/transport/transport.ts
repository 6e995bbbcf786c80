import type { Encoded } from '../../dsl/codecs/codec.ts';
import type { Headers } from '../../dsl/message.ts';
import type { Compression } from './compression.ts';

/**
 * The port between the runtime and the log. Two implementations: embedded/ and kafka/. test/runtime/transport/transportContract.ts
 * says what both must do. Offsets are numbers (exact to 2^53). Everything that fails throws or rejects with a MillraceError.
 */
export interface Transport {
  readonly kind: 'embedded' | 'kafka';
  /** Opens connections and checks that the brokers can do what is needed. BROKER_UNREACHABLE, NOT_AUTHENTICATED, UNSUPPORTED_BROKER. */
  connect(): Promise<void>;
  readonly admin: TopicAdmin;
  /** Reads assigned partitions; no group involved. */
  reader(options: ReaderOptions): Reader;
  /** With a transactionalId: fences every older producer of that id and waits until its last transaction is decided. */
  producer(options: ProducerOptions): Promise<Producer>;
  /** Joins a consumer group and stays in it, heartbeats on a timer of its own, until left. */
  member(options: MemberOptions): Member;
  /** Positions the group has committed; undefined where none. Waits for pending transactional commits (requireStable). */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]>;
  /**
   * Takes another's member out of its group, so that its partitions move now and not when its session ends: for whoever knows
   * that its process is gone. Nothing happens where it is not, or not any more, in the group.
   */
  evict(group: string, member: MemberIdentity): Promise<void>;
  /** Forgets connections and producers at once, as a killed process would: nothing is flushed, nobody is told. */
  crash(): void;
  /** Closes what is open on it: members leave first, since what they do when revoked needs the producers. */
  close(): Promise<void>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

export interface TopicAdmin {
  /** One entry per name, in order; undefined where there is no such topic. */
  describe(topics: readonly string[]): Promise<(TopicDescription | undefined)[]>;
  /** Creates what is missing; a topic that exists already is left as it is. Resolves when all can be written to. */
  create(topics: readonly NewTopic[]): Promise<void>;
  delete(topics: readonly string[]): Promise<void>;
  /** First offset still there, per partition. */
  startOffsets(partitions: readonly TopicPartition[]): Promise<number[]>;
  /** 'committed': the last stable offset. 'uncommitted': the high watermark. */
  endOffsets(partitions: readonly TopicPartition[], isolation: Isolation): Promise<number[]>;
  /** First offset with a timestamp at or after `timestamp`; the end where there is none. */
  offsetsAt(partitions: readonly TopicPartition[], timestamp: number): Promise<number[]>;
  /** Makes everything below the offset unreadable. */
  deleteRecords(partitions: readonly (TopicPartition & { readonly before: number })[]): Promise<void>;
}

export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Kafka topic settings: 'cleanup.policy', 'retention.ms', ... Embedded honours cleanup.policy, retention.ms, max.message.bytes. */
  readonly config?: Readonly<Record<string, string>>;
  readonly replicationFactor?: number;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export type Isolation = 'committed' | 'uncommitted';

export interface ReaderOptions {
  readonly isolation: Isolation;
  /** Bytes the reader may hold that poll() has not handed out yet. */
  readonly maxBytes: number;
  /** Of them, those of one partition, default 4 MiB; a record larger than either bound comes nevertheless. Embedded holds none. */
  readonly maxPartitionBytes?: number | undefined;
}

/** Reads ahead in the background, also for what is paused, bounded by maxBytes and for each partition. */
export interface Reader {
  /** Replaces the set of partitions and where each goes on; data of others that was read ahead is dropped. Nothing is paused then. */
  assign(positions: readonly (TopicPartition & { readonly offset: number })[]): void;
  /** A paused partition is handed out no more, at once; what was read ahead for it is kept. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * What is there, at once; else waits up to maxWaitMs for something. Batches of one partition come in order.
   * OFFSET_OUT_OF_RANGE and LOG_TRUNCATED are thrown, never repaired silently; what was not at fault comes at the next call.
   */
  poll(maxWaitMs: number): Promise<Batch[]>;
  /** Where the next batch handed out by poll() begins: also moves over control, aborted and compacted-away records. */
  position(partition: TopicPartition): number;
  /** End of the partition (by isolation) as of the last answer; undefined before the first. position >= end: caught up. */
  end(partition: TopicPartition): number | undefined;
  /** When that answer came, on the monotonic clock. */
  heardAt(partition: TopicPartition): number | undefined;
  close(): Promise<void>;
}

/**
 * Records of one partition, decoded as they are asked for. A cursor: next() moves on and the fields then speak of that record.
 * Nothing of a batch may be kept beyond the next call of next() but strings and what keyBytes/valueBytes returned (views of
 * the batch's memory, which lives as long as they do).
 */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  /** Memory it holds. */
  readonly bytes: number;
  /** Records not yet moved to. */
  readonly remaining: number;
  /** Position behind the batch, records that are not shown (control, aborted) included. */
  readonly nextOffset: number;
  /** false when there is no further record. */
  next(): boolean;
  readonly offset: number;
  readonly timestamp: number;
  /** Of the producer that has written the record. */
  readonly producerId: number;
  /** undefined-free: null means that the record has none. Text is checked to be well-formed UTF-8: DECODE_FAILED. */
  keyText(): string | null;
  keyBytes(): Buffer | null;
  valueText(): string | null;
  valueBytes(): Buffer | null;
  headers(): Headers;
}

export interface ProducerOptions {
  readonly transactionalId?: string;
  /** ms after which the broker aborts a transaction that nobody ends. */
  readonly transactionTimeoutMs?: number;
  /** ms an appended record may wait for others, so that requests are fewer. Default 5; with a transactionalId 50. */
  readonly lingerMs?: number | undefined;
  /** Bytes at which a batch is full and is sent at once. Default 512 KiB. Embedded: no limit. */
  readonly batchBytes?: number | undefined;
  /** Bytes a record, and usually a request, may have. Default 8 MiB. Embedded: no limit but the topic's. */
  readonly maxRequestBytes?: number | undefined;
  /** ms after which a record that no broker has acknowledged is the end of the producer: DELIVERY_TIMEOUT. Default 2 minutes. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Of what is sent, where it gets smaller by it; not set: none. Embedded stores records as it likes. */
  readonly compression?: Compression;
}

/**
 * Idempotent always. Records are encoded as they are appended and sent in the background as batches fill.
 * After any rejection the producer is dead: throw it away and open a new one (an epoch is never reused, EndTxn never sent twice).
 */
export interface Producer {
  /** Given out by the brokers; no two without a transactionalId have the same. It stands beside what the producer has written. */
  readonly producerId: number;
  /** Partitions of a topic described or created before; undefined: unknown. Synchronous, for partitioners. */
  partitions(topic: string): number | undefined;
  /**
   * Adds a record to what will be sent. Without `partition`: murmur2 of the key's bytes, as Java's default partitioner;
   * null keys go round. UNKNOWN_TOPIC and RECORD_TOO_LARGE may come from here or from the next flush() or commit().
   */
  append(
    topic: string,
    partition: number | undefined,
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
  ): void;
  /** Offset behind the last acknowledged record of a partition; undefined where this producer has written none. */
  end(topic: string, partition: number): number | undefined;
  /** Bytes appended and not yet acknowledged: the measure for back-pressure. */
  readonly pendingBytes: number;
  /** Resolves when everything appended before the call is acknowledged by all in-sync replicas. */
  flush(): Promise<void>;
  /**
   * Transactional only: ends the transaction of everything appended before the call, with these positions in it, and
   * resolves when the broker has decided to commit. Records appended after the call belong to the next transaction.
   * With nothing appended and no offsets: resolves at once. FENCED, OUTCOME_UNKNOWN.
   */
  commit(offsets: OffsetsToCommit | undefined): Promise<void>;
  /** Transactional: aborts what is open. In either case forgets what was not sent, and closes. */
  abort(): Promise<void>;
  /** Transactional: as abort(). Otherwise sends what was appended before. */
  close(): Promise<void>;
}

export interface OffsetsToCommit {
  readonly group: string;
  /** Of the member, so that an old generation is refused. */
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId?: string | undefined;
  readonly offsets: readonly (TopicPartition & CommittedOffset)[];
}

/** By the id of its place in the group, or by the name that it has kept over restarts. */
export type MemberIdentity = { readonly memberId: string } | { readonly instanceId: string };

export interface MemberOptions {
  readonly group: string;
  /**
   * Makes it a static member: it stays in the group when it leaves or fails, and whoever joins under the same name before its
   * session is over takes its place, with its assignment and without a rebalance. If it is still there, it is told that
   * it has failed: INSTANCE_FENCED.
   */
  readonly instanceId?: string | undefined;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** What the leader is told of this member; asked for at each join. */
  metadata(): Buffer;
  /** Called on the leader only. Every member gets an entry. */
  assign(members: readonly MemberMetadata[]): Promise<ReadonlyMap<string, Assignment>>;
  /** Awaited before the member rejoins or leaves: finish, commit, let go. commitOffsets still works inside. */
  revoked(): Promise<void>;
  /** Awaited before heartbeats speak of a stable member; may take long (heartbeats go on), aborted by a further rebalance. */
  assigned(assignment: Assignment, signal: AbortSignal): Promise<void>;
  /** The group has given this member up (session expired, fenced): nothing may be committed any more. Rejoins by itself. */
  lost(reason: Error): void;
  /** The member cannot go on (not authorised, ...). It has left, unless it is a static member. */
  failed(reason: Error): void;
}

export interface MemberMetadata {
  readonly memberId: string;
  readonly metadata: Buffer;
}

export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  readonly metadata: Buffer;
}

export interface Member {
  /** Joins for the first time; resolves when the first assignment has been handed to assigned(), however long that takes. */
  join(): Promise<void>;
  /** -1 and '' while not in the group. */
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | undefined;
  /** Makes the group rebalance although its members are the same: the partitions or what members hold has changed. */
  rejoin(): void;
  /** At-least-once's commit, checked against the generation. FENCED when this member is no longer in it. */
  commitOffsets(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void>;
  /** Revokes (awaited), leaves unless it is a static member, stops heartbeats. */
  leave(): Promise<void>;
}
