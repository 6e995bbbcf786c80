import type { MillraceError } from '../../../../errors.ts';
import { type Asked, errorName, isRetriable, toMillraceError } from './errors.ts';

/** What a transactional producer asks of brokers. */
export type TransactionApi =
  | 'FindCoordinator'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'TxnOffsetCommit'
  | 'EndTxn'
  | 'Produce';

/**
 * What to do about an error. 'wait': the same broker, within milliseconds, for the transaction before is being ended.
 * 'retry': the same broker, after a pause. 'refresh': look first for the broker that answers for it now. 'abort': this
 * producer cannot go on, a new one of its id can. 'fence': somebody else has taken over. 'fatal': another attempt would
 * find the same.
 */
export type Remedy = 'wait' | 'retry' | 'refresh' | 'abort' | 'fence' | 'fatal';

type Remedies = Readonly<Record<string, Remedy>>;

/** Of every request to a coordinator. What is not named here is 'retry' where Kafka calls it retriable, and else 'fatal'. */
const ofCoordinators: Remedies = {
  CONCURRENT_TRANSACTIONS: 'wait',
  COORDINATOR_NOT_AVAILABLE: 'refresh',
  NOT_COORDINATOR: 'refresh',
  INVALID_PRODUCER_EPOCH: 'fence',
  PRODUCER_FENCED: 'fence',
  // The coordinator, or a partition, has forgotten the producer: its id was not used for too long.
  INVALID_PRODUCER_ID_MAPPING: 'abort',
  UNKNOWN_PRODUCER_ID: 'abort',
  TRANSACTION_ABORTABLE: 'abort',
};

const remedies: Readonly<Record<TransactionApi, Remedies>> = {
  FindCoordinator: { TRANSACTION_ABORTABLE: 'abort' },
  InitProducerId: ofCoordinators,
  // All or nothing: said of partitions that could have been added but for another one, which has the reason.
  AddPartitionsToTxn: { ...ofCoordinators, OPERATION_NOT_ATTEMPTED: 'wait' },
  AddOffsetsToTxn: ofCoordinators,
  TxnOffsetCommit: {
    ...ofCoordinators,
    REQUEST_TIMED_OUT: 'refresh',
    ILLEGAL_GENERATION: 'fence',
    UNKNOWN_MEMBER_ID: 'fence',
    FENCED_INSTANCE_ID: 'fence',
    REBALANCE_IN_PROGRESS: 'fence',
    FENCED_MEMBER_EPOCH: 'fence',
    STALE_MEMBER_EPOCH: 'fence',
    // How a broker that verifies transactions says TRANSACTION_ABORTABLE in versions that do not have it.
    INVALID_TXN_STATE: 'abort',
  },
  EndTxn: ofCoordinators,
  Produce: {
    UNKNOWN_TOPIC_OR_PARTITION: 'refresh',
    LEADER_NOT_AVAILABLE: 'refresh',
    NOT_LEADER_OR_FOLLOWER: 'refresh',
    REPLICA_NOT_AVAILABLE: 'refresh',
    NETWORK_EXCEPTION: 'refresh',
    KAFKA_STORAGE_ERROR: 'refresh',
    LISTENER_NOT_FOUND: 'refresh',
    FENCED_LEADER_EPOCH: 'refresh',
    PREFERRED_LEADER_NOT_AVAILABLE: 'refresh',
    ELIGIBLE_LEADERS_NOT_AVAILABLE: 'refresh',
    ELECTION_NOT_NEEDED: 'refresh',
    UNKNOWN_TOPIC_ID: 'refresh',
    INCONSISTENT_TOPIC_ID: 'refresh',
    INVALID_PRODUCER_EPOCH: 'fence',
    PRODUCER_FENCED: 'fence',
    INVALID_PRODUCER_ID_MAPPING: 'abort',
    UNKNOWN_PRODUCER_ID: 'abort',
    OUT_OF_ORDER_SEQUENCE_NUMBER: 'abort',
    INVALID_TXN_STATE: 'abort',
    TRANSACTION_ABORTABLE: 'abort',
  },
};

/** Answers to EndTxn that are given also where the decision was written down but not replicated in time. */
const undecided: ReadonlySet<string> = new Set([
  'UNKNOWN_SERVER_ERROR',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'REQUEST_TIMED_OUT',
]);

export function remedyOf(api: TransactionApi, errorCode: number): Remedy {
  return remedies[api][errorName(errorCode)] ?? (isRetriable(errorCode) ? 'retry' : 'fatal');
}

/** The same request, sent again, may succeed. It was answered, so it cannot take effect twice. */
export function isRepeatable(remedy: Remedy): boolean {
  return remedy === 'wait' || remedy === 'retry' || remedy === 'refresh';
}

/** After this answer, and no better one, nobody knows what has become of the transaction. */
export function leavesUndecided(errorCode: number): boolean {
  return undecided.has(errorName(errorCode));
}

/** The worse, the later: of many errors in one answer the last of these is what counts. */
export const severity: readonly Remedy[] = ['wait', 'retry', 'refresh', 'abort', 'fence', 'fatal'];

/** The error to throw for an answer that is not worth repeating the request (any more). */
export function refused(
  api: TransactionApi,
  errorCode: number,
  what: string,
  asked: Asked = {},
): MillraceError {
  const remedy = remedyOf(api, errorCode);
  const code = remedy === 'fence' ? 'FENCED' : remedy === 'abort' ? 'PRODUCER_LOST' : undefined;
  return toMillraceError(errorCode, what, asked, code);
}
