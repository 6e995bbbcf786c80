import { MillraceError } from '../../../errors.ts';
import type { Connection } from './connection.ts';
import type { LeaderSearch } from './leaderSearch.ts';
import type { OutgoingBatch } from './outgoingBatch.ts';
import { type ProduceVerdict, produceVerdict } from './produceVerdict.ts';
import type { ProducerIdentity } from './protocol/initProducerId.ts';
import type { ProducedPartition } from './protocol/produce.ts';
import { refused, remedyOf } from './protocol/transactionErrors.ts';
import { recordRefused } from './recordTooLarge.ts';
import { isLost } from './requestLost.ts';
import type { Cure, WritePartition } from './writePartition.ts';

export interface ProduceAnswersOptions {
  readonly identity: ProducerIdentity;
  readonly transactionalId: string | undefined;
  /** The partitions that have batches. */
  readonly active: Set<WritePartition>;
  readonly leaders: LeaderSearch<WritePartition>;
  readonly failed: (error: Error) => void;
}

/** Draws the conclusions from what becomes of batches that were sent: each may be acknowledged, sent again or the end. */
export class ProduceAnswers {
  readonly #connection: Connection;
  readonly #options: ProduceAnswersOptions;
  /** The search for what to say of a record that is too large. */
  #saying: Promise<void> = Promise.resolve();

  constructor(connection: Connection, options: ProduceAnswersOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  settled(): Promise<void> {
    return this.#saying;
  }

  /** `answer`: undefined where the broker has left the partition out. */
  take(partition: WritePartition, batch: OutgoingBatch, answer: ProducedPartition | undefined): void {
    const verdict = answer === undefined ? 'in doubt' : produceVerdict(answer.errorCode);
    if (verdict === 'written') this.#written(partition, batch, answer!.baseOffset);
    else if (verdict === 'refused') this.#options.failed(this.#refusal(answer!));
    else {
      if (answer !== undefined) partition.lastError = this.#refusal(answer);
      const mayHaveMoved = answer === undefined || remedyOf('Produce', answer.errorCode) === 'refresh';
      this.#again(partition, batch, verdict === 'in doubt', mayHaveMoved, cures[verdict]);
    }
    this.#returned(partition);
  }

  lost(partition: WritePartition, batch: OutgoingBatch, error: Error): void {
    if (!isLost(error)) {
      this.#options.leaders.lost([partition], error);
      return;
    }
    partition.lastError = error;
    this.#again(partition, batch, error.mayHaveArrived, true);
    this.#returned(partition);
  }

  #written(partition: WritePartition, batch: OutgoingBatch, baseOffset: number): void {
    if (!partition.acknowledged(batch, baseOffset)) {
      this.#options.failed(lostRecords(partition, 'the broker took records without those before them'));
    } else if (partition.batches.length === 0) this.#options.active.delete(partition);
  }

  #again(
    partition: WritePartition,
    batch: OutgoingBatch,
    inDoubt: boolean,
    mayHaveMoved: boolean,
    cure: Cure = 'none',
  ): void {
    const { leaders } = this.#options;
    // Those behind the first that fails must fail as well: one pause for all of them.
    const isConsequence = partition.halted;
    partition.repeat(batch, inDoubt, cure);
    if (isConsequence || cure === 'split') return;
    if (mayHaveMoved) leaders.again(partition);
    else leaders.later(partition);
  }

  #returned(partition: WritePartition): void {
    const cure = partition.returned();
    if (cure === 'split' && !partition.split()) this.#tooLarge(partition);
    else if (cure === 'start afresh') this.#startAfresh(partition);
  }

  /**
   * All before it was acknowledged, and still the broker misses something: it has lost records it had acknowledged. Those at
   * hand can go on under numbers that begin anew, if none of them can be in the log under its old one.
   */
  #startAfresh(partition: WritePartition): void {
    const { identity, transactionalId, failed } = this.#options;
    if (transactionalId === undefined && partition.startAfresh(identity.producerEpoch)) return;
    failed(lostRecords(partition, 'the broker has lost records that it had acknowledged'));
  }

  #tooLarge(partition: WritePartition): void {
    const { failed } = this.#options;
    const [batch] = partition.batches;
    partition.repeat(batch!, false); // nothing is sent meanwhile
    this.#saying = recordRefused(this.#connection, partition, batch!).then(failed);
  }

  #refusal({ topic, partition, errorCode, message }: ProducedPartition): MillraceError {
    const { transactionalId } = this.#options;
    const { principal } = this.#connection;
    return refused('Produce', errorCode, 'the broker does not take a batch of records', {
      topic,
      partition,
      operation: 'Write',
      principal,
      message,
      ...(transactionalId !== undefined && { transactionalId }),
    });
  }
}

const cures: Readonly<Partial<Record<ProduceVerdict, Cure>>> = {
  'out of sequence': 'start afresh',
  'too large': 'split',
};

function lostRecords({ topic, partition, lastError, end }: WritePartition, what: string): MillraceError {
  return new MillraceError('PRODUCER_LOST', what, {
    topic,
    partition,
    offset: end,
    cause: lastError,
    next: 'Look for an unclean leader election or a deletion of the topic; what was not acknowledged is to be written again by a new producer.',
  });
}
