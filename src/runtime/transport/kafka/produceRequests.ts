import type { Clock } from '../../clock.ts';
import type { Compression } from '../compression.ts';
import type { Accumulator } from './accumulator.ts';
import type { Connection } from './connection.ts';
import { DeliveryTimeout } from './deliveryTimeout.ts';
import { LeaderSearch } from './leaderSearch.ts';
import { MetadataAge } from './metadataAge.ts';
import type { OutgoingBatch } from './outgoingBatch.ts';
import { partitionKey } from './partitionKey.ts';
import { ProduceAnswers } from './produceAnswers.ts';
import { byTopic } from './protocol/byTopic.ts';
import type { ProducerIdentity } from './protocol/initProducerId.ts';
import { type ProducedPartition, produce } from './protocol/produce.ts';
import type { Request } from './protocol/request.ts';
import type { Transaction } from './transaction.ts';
import type { WritePartition } from './writePartition.ts';

/** Requests under way to one leader. */
const maxInFlight = 5;

export interface ProduceOptions {
  readonly lane: string;
  readonly identity: ProducerIdentity;
  readonly transactionalId: string | undefined;
  readonly transaction: Transaction | undefined;
  /** Bytes of batches in one request; more only where a single batch has more. */
  readonly maxRequestBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly compression: Compression;
  /** Told once, of what cannot be cured. */
  readonly failed: (error: Error) => void;
}

/** A batch in a request. */
interface Sending {
  readonly partition: WritePartition;
  readonly batch: OutgoingBatch;
}

/** Sends what the accumulator has ready, and sends it again until it is acknowledged. */
export class ProduceRequests {
  /** The transaction whose records may be sent. */
  transaction = 0;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #accumulator: Accumulator;
  readonly #options: ProduceOptions;
  readonly #leaders: LeaderSearch<WritePartition>;
  readonly #answers: ProduceAnswers;
  readonly #deliveryTimeout: DeliveryTimeout;
  readonly #metadataAge: MetadataAge;
  readonly #inFlight = new Map<number, number>();
  /** Everything under way, whatever becomes of it. */
  readonly #underWay = new Set<Promise<void>>();
  #enrolling = false;
  #stopped = false;
  #cancelTimer = (): void => {};

  constructor(connection: Connection, clock: Clock, accumulator: Accumulator, options: ProduceOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#accumulator = accumulator;
    this.#metadataAge = new MetadataAge(connection, clock);
    this.#options = options;
    const failed = (error: Error) => this.#fail(error);
    this.#leaders = new LeaderSearch(
      connection,
      clock,
      () => this.pump(),
      (_, error) => failed(error),
    );
    const { identity, transactionalId, deliveryTimeoutMs } = options;
    const before = { identity, transactionalId, active: accumulator.active, leaders: this.#leaders, failed };
    this.#answers = new ProduceAnswers(connection, before);
    this.#deliveryTimeout = new DeliveryTimeout(clock, deliveryTimeoutMs, accumulator.active, failed);
  }

  /** Sends what can be sent. To be called whenever a batch has come to be ready. */
  pump(): void {
    this.#cancelTimer();
    while (!this.#stopped && this.#sendReady());
    this.#metadataAge.look(() => this.#accumulator.topics);
  }

  /** Sends nothing any more; resolves when what is under way is answered or lost. */
  async stop(): Promise<void> {
    this.#halt();
    await Promise.all([...this.#underWay, this.#answers.settled()]);
  }

  /** One batch of every partition that has one ready. true: some have another one ready. */
  #sendReady(): boolean {
    const now = this.#clock.monotonic();
    const sendable = new Map<number, WritePartition[]>();
    const unknown: WritePartition[] = [];
    const leaderless: WritePartition[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const partition of this.#accumulator.active) {
      const batch = partition.ready(this.transaction);
      if (batch === undefined) continue;
      batch.readySince ??= now;
      const { leader, notBefore } = partition;
      const isEnrolled = this.#options.transaction === undefined || partition.enrolledIn === this.transaction;
      if (!isEnrolled) unknown.push(partition);
      if (notBefore > now) next = Math.min(next, notBefore);
      else if (leader === undefined) leaderless.push(partition);
      else if (isEnrolled) append(sendable, leader, partition);
    }
    this.#deliveryTimeout.watch();
    if (leaderless.length > 0) this.#leaders.start(leaderless);
    if (unknown.length > 0) this.#enroll(unknown);
    if (next < Number.POSITIVE_INFINITY) {
      this.#cancelTimer();
      this.#cancelTimer = this.#clock.after(next - now, () => this.pump());
    }
    let more = false;
    for (const [node, partitions] of sendable) if (this.#send(node, partitions)) more = true;
    return more;
  }

  /** true: room for another request is left, and something to fill it. */
  #send(node: number, partitions: readonly WritePartition[]): boolean {
    let from = 0;
    while (from < partitions.length && this.#mayAsk(node)) {
      let bytes = 0;
      let to = from;
      for (; to < partitions.length; to++) {
        bytes += partitions[to]!.ready(this.transaction)!.writer.size;
        if (bytes > this.#options.maxRequestBytes && to > from) break;
      }
      this.#sendOne(node, partitions.slice(from, to));
      from = to;
    }
    return this.#mayAsk(node) && partitions.some((partition) => partition.ready(this.transaction));
  }

  #mayAsk(node: number): boolean {
    return (this.#inFlight.get(node) ?? 0) < maxInFlight;
  }

  #sendOne(node: number, partitions: readonly WritePartition[]): void {
    this.#inFlight.set(node, (this.#inFlight.get(node) ?? 0) + 1);
    const sendings = partitions.map((partition) => ({ partition, batch: partition.send() }));
    const done = (deal: () => void) => {
      this.#inFlight.set(node, this.#inFlight.get(node)! - 1);
      this.#underWay.delete(answered);
      if (this.#stopped) return;
      deal();
      this.pump();
    };
    const answered = this.#connection.send(node, this.#options.lane, this.#request(sendings)).then(
      (answers) => done(() => this.#received(sendings, answers)),
      (error) => done(() => this.#lost(sendings, error)),
    );
    this.#underWay.add(answered);
  }

  #request(sendings: readonly Sending[]): Request<ProducedPartition[]> {
    const { compression, identity, transactionalId } = this.#options;
    const transactional = transactionalId !== undefined;
    const batches = sendings.map(({ partition: { topic, partition, epochs }, batch }) => {
      const producerEpoch = identity.producerEpoch + epochs;
      const { producerId } = identity;
      const origin = { producerId, producerEpoch, baseSequence: batch.sequence, transactional, compression };
      const records = batch.seal(origin);
      return { topic, partition, records };
    });
    // A little less than the client waits: then it is the broker who says that it was too slow.
    const timeoutMs = Math.floor(this.#connection.requestTimeoutMs * 0.9);
    return produce(transactionalId ?? null, timeoutMs, byTopic(batches));
  }

  #received(sendings: readonly Sending[], answers: readonly ProducedPartition[]): void {
    const byName = new Map(answers.map((answer) => [partitionKey(answer), answer]));
    for (const { partition, batch } of sendings) {
      this.#answers.take(partition, batch, byName.get(partitionKey(partition)));
      if (this.#stopped) return;
    }
  }

  #lost(sendings: readonly Sending[], error: Error): void {
    for (const { partition, batch } of sendings) {
      this.#answers.lost(partition, batch, error);
      if (this.#stopped) return;
    }
  }

  #enroll(partitions: readonly WritePartition[]): void {
    if (this.#enrolling) return;
    this.#enrolling = true;
    const { transaction } = this;
    const enrolled = this.#options.transaction!.enroll(partitions).then(
      () => {
        for (const partition of partitions) partition.enrolledIn = transaction;
      },
      (error) => this.#fail(error),
    );
    const done = enrolled.then(() => {
      this.#enrolling = false;
      this.#underWay.delete(done);
      this.pump();
    });
    this.#underWay.add(done);
  }

  #halt(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#deliveryTimeout.stop();
  }

  #fail(error: Error): void {
    if (this.#stopped) return;
    this.#halt();
    this.#options.failed(error);
  }
}

function append<P>(groups: Map<number, P[]>, key: number, one: P): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [one]);
  else group.push(one);
}
