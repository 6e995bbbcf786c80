import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { Accumulator } from './accumulator.ts';
import type { Connection } from './connection.ts';
import { LeaderSearch } from './leaderSearch.ts';
import type { OutgoingBatch } from './outgoingBatch.ts';
import { partitionKey } from './partitionKey.ts';
import { byTopic } from './protocol/byTopic.ts';
import { code } from './protocol/errors.ts';
import type { ProducerIdentity } from './protocol/initProducerId.ts';
import { type ProducedPartition, produce } from './protocol/produce.ts';
import type { Request } from './protocol/request.ts';
import { isRepeatable, refused, remedyOf } from './protocol/transactionErrors.ts';
import { recordTooLarge } from './recordTooLarge.ts';
import type { Transaction } from './transaction.ts';
import type { WritePartition } from './writePartition.ts';

/** Requests under way to one leader; a partition is only ever in one of them. */
const maxInFlight = 5;

/** Far below what brokers take (socket.request.max.bytes), so that one request does not hold up the others for long. */
const maxRequestBytes = 8 * 1024 * 1024;

export interface ProduceOptions {
  readonly lane: string;
  readonly identity: ProducerIdentity;
  readonly transactionalId: string | undefined;
  readonly transaction: Transaction | undefined;
  /** Told once, of what cannot be cured. */
  readonly failed: (error: Error) => void;
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
    this.#options = options;
    const failed = (_: WritePartition, error: MillraceError) => this.#fail(error);
    this.#leaders = new LeaderSearch(connection, clock, () => this.pump(), failed);
  }

  /** Sends what can be sent. To be called whenever a batch has come to be ready. */
  pump(): void {
    if (this.#stopped) return;
    this.#cancelTimer();
    const now = this.#clock.monotonic();
    const sendable: WritePartition[] = [];
    const unknown: WritePartition[] = [];
    const leaderless: WritePartition[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const partition of this.#accumulator.active) {
      const batch = partition.ready(this.transaction);
      if (batch === undefined) continue;
      if (this.#isOverdue(partition, batch, now)) return;
      const isEnrolled = this.#options.transaction === undefined || partition.enrolledIn === this.transaction;
      if (!isEnrolled) unknown.push(partition);
      if (partition.notBefore > now) next = Math.min(next, partition.notBefore);
      else if (partition.leader === undefined) leaderless.push(partition);
      else if (isEnrolled) sendable.push(partition);
    }
    for (const [node, partitions] of Map.groupBy(sendable, ({ leader }) => leader!))
      this.#send(node, partitions);
    if (leaderless.length > 0) this.#leaders.start(leaderless);
    if (unknown.length > 0) this.#enroll(unknown);
    if (next < Number.POSITIVE_INFINITY) this.#cancelTimer = this.#clock.after(next - now, () => this.pump());
  }

  /** Sends nothing any more; resolves when what is under way is answered or lost. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await Promise.all(this.#underWay);
  }

  #send(node: number, partitions: readonly WritePartition[]): void {
    let from = 0;
    while (from < partitions.length && (this.#inFlight.get(node) ?? 0) < maxInFlight) {
      let bytes = 0;
      let to = from;
      for (; to < partitions.length && (bytes === 0 || bytes < maxRequestBytes); to++) {
        bytes += partitions[to]!.batches[0]!.writer.size;
      }
      this.#sendOne(node, partitions.slice(from, to));
      from = to;
    }
  }

  #sendOne(node: number, partitions: readonly WritePartition[]): void {
    this.#inFlight.set(node, (this.#inFlight.get(node) ?? 0) + 1);
    const request = this.#request(partitions);
    const done = (deal: () => void) => {
      this.#inFlight.set(node, this.#inFlight.get(node)! - 1);
      this.#underWay.delete(answered);
      for (const partition of partitions) partition.inFlight = false;
      if (this.#stopped) return;
      deal();
      this.pump();
    };
    const answered = this.#connection.send(node, this.#options.lane, request).then(
      (answers) => done(() => this.#receive(partitions, answers)),
      (error) =>
        done(() => {
          for (const partition of partitions) partition.lastError = error;
          this.#leaders.lost(partitions, error);
        }),
    );
    this.#underWay.add(answered);
  }

  #request(partitions: readonly WritePartition[]): Request<ProducedPartition[]> {
    const { identity, transactionalId } = this.#options;
    const batches = partitions.map((partition) => {
      const batch = partition.batches[0]!;
      partition.inFlight = true;
      batch.attempts++;
      const transactional = transactionalId !== undefined;
      const records = batch.seal({ ...identity, baseSequence: partition.sequence, transactional });
      return { topic: partition.topic, partition: partition.partition, records };
    });
    // A little less than the client waits: then it is the broker who says that it was too slow.
    const timeoutMs = Math.floor(this.#connection.requestTimeoutMs * 0.9);
    return produce(transactionalId ?? null, timeoutMs, byTopic(batches));
  }

  #receive(asked: readonly WritePartition[], answers: readonly ProducedPartition[]): void {
    const byName = new Map(answers.map((answer) => [partitionKey(answer), answer]));
    for (const partition of asked) {
      const answer = byName.get(partitionKey(partition));
      if (answer !== undefined) this.#settle(partition, answer);
      if (this.#stopped) return;
    }
  }

  #settle(partition: WritePartition, { errorCode, baseOffset, message }: ProducedPartition): void {
    if (errorCode === code.none || errorCode === code.duplicateSequenceNumber) {
      partition.acknowledged(baseOffset);
      if (partition.batches.length === 0) this.#accumulator.active.delete(partition);
      return;
    }
    if (errorCode === code.messageTooLarge) {
      if (!partition.split()) this.#tooLarge(partition);
      return;
    }
    const { topic, partition: number } = partition;
    const { transactionalId } = this.#options;
    const { principal } = this.#connection;
    const asked = { topic, partition: number, operation: 'Write', principal, message };
    const error = refused('Produce', errorCode, 'the broker does not take a batch of records', {
      ...asked,
      ...(transactionalId !== undefined && { transactionalId }),
    });
    const remedy = remedyOf('Produce', errorCode);
    if (isRepeatable(remedy)) {
      partition.lastError = error;
      if (remedy === 'refresh') this.#leaders.again(partition);
      else this.#leaders.later(partition);
    } else {
      this.#fail(error);
    }
  }

  #tooLarge(partition: WritePartition): void {
    partition.inFlight = true; // nothing behind it is to be sent
    const said = recordTooLarge(this.#connection, partition).then((error) => {
      this.#underWay.delete(said);
      this.#fail(error);
    });
    this.#underWay.add(said);
  }

  /** true: it has waited too long, and the producer has failed. */
  #isOverdue(partition: WritePartition, batch: OutgoingBatch, now: number): boolean {
    batch.readySince ??= now;
    const waited = now - batch.readySince;
    if (waited <= 2 * this.#connection.requestTimeoutMs || partition.failures === 0) return false;
    const { topic, partition: number, lastError } = partition;
    this.#fail(
      new MillraceError(
        'BROKER_UNREACHABLE',
        `a batch of records was not taken for ${Math.round(waited)} ms`,
        {
          topic,
          partition: number,
          cause: lastError,
          found: lastError === undefined ? 'no leader of the partition' : undefined,
          next: 'Check that the brokers with the replicas of the partition run, and that enough are in sync.',
        },
      ),
    );
    return true;
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

  #fail(error: Error): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTimer();
    this.#options.failed(error);
  }
}
