import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { OffsetsToCommit, TopicPartition } from '../transport.ts';
import { callCoordinator, type Failure, type TransactionCall } from './callCoordinator.ts';
import type { Connection } from './connection.ts';
import { addOffsetsToTxn } from './protocol/addOffsetsToTxn.ts';
import { addPartitionsToTxn } from './protocol/addPartitionsToTxn.ts';
import type { PartitionAnswer } from './protocol/byTopic.ts';
import { endTxn } from './protocol/endTxn.ts';
import { code } from './protocol/errors.ts';
import { initProducerId, type ProducerIdentity } from './protocol/initProducerId.ts';
import { leavesUndecided, remedyOf, severity, type TransactionApi } from './protocol/transactionErrors.ts';
import { txnOffsetCommit } from './protocol/txnOffsetCommit.ts';
import { RequestLost } from './requestLost.ts';

/** The transactions of one producer, one after the other, as their coordinator sees them. */
export class Transaction {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #lane: string;
  readonly #id: string;
  readonly #identity: ProducerIdentity;
  readonly #timeoutMs: number;
  readonly #stopping = new AbortController();
  readonly #givenUp = new AbortController();
  #isOpen = false;

  constructor(
    connection: Connection,
    clock: Clock,
    lane: string,
    id: string,
    identity: ProducerIdentity,
    timeoutMs: number,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#lane = lane;
    this.#id = id;
    this.#identity = identity;
    this.#timeoutMs = timeoutMs;
  }

  /** The coordinator may know of something to commit or abort. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What is under way is not repeated any more; `end` still works. */
  stop(reason: Error): void {
    this.#stopping.abort(reason);
  }

  /** Whoever waits for an answer does so no longer: it counts as lost. `settle` still works. */
  giveUp(reason: Error): void {
    this.stop(reason);
    this.#givenUp.abort(reason);
  }

  /** Before anything is written to these partitions. */
  async enroll(partitions: readonly TopicPartition[]): Promise<void> {
    this.#isOpen = true;
    await this.#call({
      api: 'AddPartitionsToTxn',
      request: addPartitionsToTxn(this.#id, this.#identity, partitions),
      failure: (answers) => worst('AddPartitionsToTxn', answers),
      repeatable: true,
      what: 'partitions were not added to the transaction',
      asked: { operation: 'Write' },
    });
  }

  /** FENCED also where the member or its generation is not the group's any more. */
  async commitOffsets(offsets: OffsetsToCommit): Promise<void> {
    const { group } = offsets;
    this.#isOpen = true;
    await this.#call({
      api: 'AddOffsetsToTxn',
      request: addOffsetsToTxn(this.#id, this.#identity, group),
      failure: (errorCode) => ({ errorCode }),
      repeatable: true,
      what: 'positions were not added to the transaction',
      asked: { group, operation: 'Read' },
    });
    await this.#call({
      api: 'TxnOffsetCommit',
      kind: 'group',
      key: group,
      request: txnOffsetCommit(this.#id, this.#identity, offsets),
      failure: (answers) => worst('TxnOffsetCommit', answers),
      // Arriving late, it would overwrite what a later transaction has committed.
      repeatable: false,
      what: 'positions were not committed in the transaction',
      asked: { group, operation: 'Read' },
    });
  }

  /** OUTCOME_UNKNOWN when the request was sent and no answer says what came of it. */
  async end(how: 'commit' | 'abort'): Promise<void> {
    let inDoubt = false;
    try {
      await this.#call({
        api: 'EndTxn',
        request: endTxn(this.#id, this.#identity, how === 'commit'),
        failure: (errorCode) => {
          // It was never told of a transaction: there is nothing to abort.
          if (how === 'abort' && errorCode === code.invalidTxnState) return { errorCode: code.none };
          // Asking again is safe, giving up is not.
          inDoubt ||= leavesUndecided(errorCode);
          return { errorCode };
        },
        // Arriving late, it would end the transaction after this one.
        repeatable: false,
        signal: undefined,
        what: `the transaction was not ${how === 'commit' ? 'committed' : 'aborted'}`,
        asked: { operation: 'Write' },
      });
    } catch (error) {
      inDoubt ||= error instanceof RequestLost && error.mayHaveArrived;
      throw inDoubt && !isFenced(error) ? outcomeUnknown(how, this.#id, error) : error;
    }
    this.#isOpen = false;
  }

  /**
   * For a producer that is dead, so that nobody has to wait for the broker to miss it: fences itself, which aborts what is
   * open, or lets what was decided be, and makes whatever of it arrives late void. Refused, and no harm done, where another
   * producer of the id is there. The signal ends it.
   */
  async settle(signal: AbortSignal): Promise<void> {
    await this.#call({
      api: 'InitProducerId',
      request: initProducerId(this.#id, this.#timeoutMs, this.#identity),
      // Its end has begun; the identity that would come of asking until it is over is wanted by nobody.
      failure: ({ errorCode }) => ({
        errorCode: errorCode === code.concurrentTransactions ? code.none : errorCode,
      }),
      repeatable: true,
      signal,
      givenUp: signal,
      what: 'a transaction was left open',
      asked: { operation: 'Write' },
    });
    this.#isOpen = false;
  }

  #call<T>(
    call: Omit<TransactionCall<T>, 'kind' | 'key' | 'signal' | 'givenUp'> & Partial<TransactionCall<T>>,
  ): Promise<T> {
    const asked = { ...call.asked, transactionalId: this.#id };
    return callCoordinator(this.#connection, this.#clock, this.#lane, {
      kind: 'transaction',
      key: this.#id,
      signal: this.#stopping.signal,
      givenUp: this.#givenUp.signal,
      ...call,
      asked,
    });
  }
}

export function isFenced(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'FENCED';
}

/** Of many partitions, the one whose error decides what to do. */
function worst(api: TransactionApi, answers: readonly PartitionAnswer[]): Failure {
  const weight = ({ errorCode }: PartitionAnswer) => severity.indexOf(remedyOf(api, errorCode));
  const failed = answers.filter(({ errorCode }) => errorCode !== code.none);
  return failed.sort((one, other) => weight(other) - weight(one))[0] ?? { errorCode: code.none };
}

function outcomeUnknown(how: string, id: string, cause: unknown): MillraceError {
  return new MillraceError('OUTCOME_UNKNOWN', `the answer to the ${how} of a transaction was lost`, {
    cause,
    found: `transactional id ${id}`,
    next: 'Open a producer with the same transactional id, which settles it, then read where things stand.',
  });
}
