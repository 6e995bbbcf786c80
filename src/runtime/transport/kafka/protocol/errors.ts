import { type ErrorCode, type ErrorDetails, MillraceError } from '../../../../errors.ts';
import { kafkaErrors } from './kafkaErrors.ts';

/** The codes that this code acts upon, by name. */
export const code = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  networkException: 13,
  coordinatorLoadInProgress: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  recordListTooLarge: 18,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAlreadyExists: 36,
  notController: 41,
  outOfOrderSequenceNumber: 45,
  duplicateSequenceNumber: 46,
  invalidProducerEpoch: 47,
  invalidTxnState: 48,
  concurrentTransactions: 51,
  operationNotAttempted: 55,
  kafkaStorageError: 56,
  unknownProducerId: 59,
  fetchSessionIdNotFound: 70,
  invalidFetchSessionEpoch: 71,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  memberIdRequired: 79,
  fencedInstanceId: 82,
  unstableOffsetCommit: 88,
  producerFenced: 90,
  fetchSessionTopicIdError: 106,
} as const;

export function errorName(errorCode: number): string {
  return kafkaErrors[errorCode]?.name ?? `error ${errorCode}`;
}

export function isRetriable(errorCode: number): boolean {
  return kafkaErrors[errorCode]?.retriable ?? false;
}

/** What was asked for, so that a refusal can name it. */
export interface Asked extends ErrorDetails {
  /** 'Read', 'Write', 'Describe', ... as in Kafka's ACLs. */
  readonly operation?: string;
  readonly group?: string;
  readonly transactionalId?: string;
  /** Who asked, as Kafka's ACLs name users: `User:alice`. */
  readonly principal?: string;
  /** The broker's own words. */
  readonly message?: string | null;
}

/** The error to throw for a code that is not worth repeating (any more); `as` where the API says more than the code. */
export function toMillraceError(
  errorCode: number,
  what: string,
  asked: Asked = {},
  as?: 'FENCED' | 'PRODUCER_LOST',
): MillraceError {
  const found = asked.message ? `${errorName(errorCode)} (${asked.message})` : errorName(errorCode);
  const refusal = as === undefined ? refusals[errorCode] : refusedAs[as];
  const { code, next } = refusal ?? (isRetriable(errorCode) ? unavailable : unexpected);
  const { operation, group, transactionalId, principal, message, ...details } = asked;
  return new MillraceError(code, what, { ...details, found, next: next(asked) });
}

interface Refusal {
  readonly code: ErrorCode;
  readonly next: (asked: Asked) => string;
}

const fenced: Refusal = {
  code: 'FENCED',
  next: () =>
    'Nothing: another instance goes on from the last commit. If there is none, look for two with the same id.',
};

const refusedAs: Readonly<Record<'FENCED' | 'PRODUCER_LOST', Refusal>> = {
  FENCED: fenced,
  PRODUCER_LOST: {
    code: 'PRODUCER_LOST',
    next: () =>
      'Open a new producer, with the same transactional id if it has one, and do again what was not kept.',
  },
};

/** It is said of what passes, but it has been repeated for as long as there was time. */
const unavailable: Refusal = {
  code: 'BROKER_UNREACHABLE',
  next: () => 'Check that enough brokers run: the error passes by itself when they do.',
};

const unexpected: Refusal = {
  code: 'BROKER_REFUSED',
  next: () => 'Look the error up in the log of the broker; repeating does not cure it.',
};

const unknownTopic: Refusal = {
  code: 'UNKNOWN_TOPIC',
  next: ({ topic }) => `Create ${topic === undefined ? 'the topic' : `topic ${topic}`}, or correct its name.`,
};

/** Names who asked for what on which resource, and the command that grants it: `option` is how kafka-acls.sh takes the resource. */
function denied(option: string, nameOf: (asked: Asked) => string | undefined): Refusal {
  return {
    code: 'NOT_AUTHORIZED',
    next: (asked) => {
      const { operation = 'All', principal = 'User:...' } = asked;
      const name = nameOf(asked);
      const kind = option === 'cluster' ? 'the cluster' : option.replace('-', ' ');
      const resource = name === undefined ? kind : `${kind} ${name}`;
      const flags = `--${option}${name === undefined ? '' : ` '${name}'`}`;
      const command = `kafka-acls.sh --add --allow-principal '${principal}' --operation ${operation} ${flags}`;
      return `Allow ${principal} ${operation} on ${resource} (${command}).`;
    },
  };
}

const refusals: Readonly<Record<number, Refusal>> = {
  1: {
    code: 'OFFSET_OUT_OF_RANGE',
    next: () => 'Choose where to go on: reset the position to the start or the end.',
  },
  3: unknownTopic,
  100: unknownTopic,
  103: unknownTopic,
  10: {
    code: 'RECORD_TOO_LARGE',
    next: ({ topic }) => `Write smaller records, or raise max.message.bytes of ${topic ?? 'the topic'}.`,
  },
  17: {
    code: 'INVALID_NAME',
    next: () => 'Use letters, digits, dots, underscores and hyphens, at most 249 of them.',
  },
  18: { code: 'RECORD_TOO_LARGE', next: ({ topic }) => `Raise segment.bytes of ${topic ?? 'the topic'}.` },
  22: fenced,
  23: { code: 'BROKER_REFUSED', next: () => 'Use a group that no other kind of program is in.' },
  25: fenced,
  26: {
    code: 'INVALID_SETTING',
    next: () => "Keep the session timeout within the broker's group.min and group.max.session.timeout.ms.",
  },
  27: fenced,
  29: denied('topic', ({ topic }) => topic),
  30: denied('group', ({ group }) => group),
  31: denied('cluster', () => undefined),
  33: { code: 'NOT_AUTHENTICATED', next: () => 'Choose a mechanism that the broker offers.' },
  35: { code: 'UNSUPPORTED_BROKER', next: () => 'Use Apache Kafka 3.6 or newer.' },
  37: { code: 'INVALID_SETTING', next: () => 'Ask for at least one partition.' },
  38: { code: 'INVALID_SETTING', next: () => 'Ask for no more replicas than there are brokers.' },
  40: { code: 'INVALID_SETTING', next: () => 'Correct the settings of the topic.' },
  44: { code: 'INVALID_SETTING', next: () => "Fit the topic to the broker's create.topic.policy." },
  47: fenced,
  50: {
    code: 'INVALID_SETTING',
    next: () =>
      "Lower transactionTimeout, or raise the broker's transaction.max.timeout.ms (15 minutes by default).",
  },
  53: denied('transactional-id', ({ transactionalId }) => transactionalId),
  58: { code: 'NOT_AUTHENTICATED', next: () => 'Check the sasl setting.' },
  81: { code: 'BROKER_REFUSED', next: () => "Raise the broker's group.max.size, or run fewer members." },
  82: {
    code: 'INSTANCE_FENCED',
    next: () => 'Give each process an instanceId of its own, or stop the one that is not wanted.',
  },
  90: fenced,
  110: fenced,
};
