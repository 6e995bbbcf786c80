import { type ErrorCode, type ErrorDetails, MillraceError } from '../../../../errors.ts';

/** An error code a broker can answer with. Retriable: the same request may succeed later, after a look at fresh metadata. */
interface KafkaError {
  readonly name: string;
  readonly retriable: boolean;
}

const fatal = (name: string): KafkaError => ({ name, retriable: false });
const retriable = (name: string): KafkaError => ({ name, retriable: true });

/** Of the codes a client of topics, groups and transactions can meet (Kafka 4.1). */
export const kafkaErrors: Readonly<Record<number, KafkaError>> = {
  [-1]: fatal('UNKNOWN_SERVER_ERROR'),
  0: fatal('NONE'),
  1: fatal('OFFSET_OUT_OF_RANGE'),
  2: retriable('CORRUPT_MESSAGE'),
  3: retriable('UNKNOWN_TOPIC_OR_PARTITION'),
  4: fatal('INVALID_FETCH_SIZE'),
  5: retriable('LEADER_NOT_AVAILABLE'),
  6: retriable('NOT_LEADER_OR_FOLLOWER'),
  7: retriable('REQUEST_TIMED_OUT'),
  8: fatal('BROKER_NOT_AVAILABLE'),
  9: retriable('REPLICA_NOT_AVAILABLE'),
  10: fatal('MESSAGE_TOO_LARGE'),
  11: fatal('STALE_CONTROLLER_EPOCH'),
  12: fatal('OFFSET_METADATA_TOO_LARGE'),
  13: retriable('NETWORK_EXCEPTION'),
  14: retriable('COORDINATOR_LOAD_IN_PROGRESS'),
  15: retriable('COORDINATOR_NOT_AVAILABLE'),
  16: retriable('NOT_COORDINATOR'),
  17: fatal('INVALID_TOPIC_EXCEPTION'),
  18: fatal('RECORD_LIST_TOO_LARGE'),
  19: retriable('NOT_ENOUGH_REPLICAS'),
  20: retriable('NOT_ENOUGH_REPLICAS_AFTER_APPEND'),
  21: fatal('INVALID_REQUIRED_ACKS'),
  22: fatal('ILLEGAL_GENERATION'),
  23: fatal('INCONSISTENT_GROUP_PROTOCOL'),
  24: fatal('INVALID_GROUP_ID'),
  25: fatal('UNKNOWN_MEMBER_ID'),
  26: fatal('INVALID_SESSION_TIMEOUT'),
  27: fatal('REBALANCE_IN_PROGRESS'),
  28: fatal('INVALID_COMMIT_OFFSET_SIZE'),
  29: fatal('TOPIC_AUTHORIZATION_FAILED'),
  30: fatal('GROUP_AUTHORIZATION_FAILED'),
  31: fatal('CLUSTER_AUTHORIZATION_FAILED'),
  32: fatal('INVALID_TIMESTAMP'),
  33: fatal('UNSUPPORTED_SASL_MECHANISM'),
  34: fatal('ILLEGAL_SASL_STATE'),
  35: fatal('UNSUPPORTED_VERSION'),
  36: fatal('TOPIC_ALREADY_EXISTS'),
  37: fatal('INVALID_PARTITIONS'),
  38: fatal('INVALID_REPLICATION_FACTOR'),
  39: fatal('INVALID_REPLICA_ASSIGNMENT'),
  40: fatal('INVALID_CONFIG'),
  41: retriable('NOT_CONTROLLER'),
  42: fatal('INVALID_REQUEST'),
  43: fatal('UNSUPPORTED_FOR_MESSAGE_FORMAT'),
  44: fatal('POLICY_VIOLATION'),
  45: fatal('OUT_OF_ORDER_SEQUENCE_NUMBER'),
  46: fatal('DUPLICATE_SEQUENCE_NUMBER'),
  47: fatal('INVALID_PRODUCER_EPOCH'),
  48: fatal('INVALID_TXN_STATE'),
  49: fatal('INVALID_PRODUCER_ID_MAPPING'),
  50: fatal('INVALID_TRANSACTION_TIMEOUT'),
  51: retriable('CONCURRENT_TRANSACTIONS'),
  52: fatal('TRANSACTION_COORDINATOR_FENCED'),
  53: fatal('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'),
  54: fatal('SECURITY_DISABLED'),
  55: fatal('OPERATION_NOT_ATTEMPTED'),
  56: retriable('KAFKA_STORAGE_ERROR'),
  58: fatal('SASL_AUTHENTICATION_FAILED'),
  59: fatal('UNKNOWN_PRODUCER_ID'),
  60: fatal('REASSIGNMENT_IN_PROGRESS'),
  68: fatal('NON_EMPTY_GROUP'),
  69: fatal('GROUP_ID_NOT_FOUND'),
  70: retriable('FETCH_SESSION_ID_NOT_FOUND'),
  71: retriable('INVALID_FETCH_SESSION_EPOCH'),
  72: retriable('LISTENER_NOT_FOUND'),
  73: fatal('TOPIC_DELETION_DISABLED'),
  74: retriable('FENCED_LEADER_EPOCH'),
  75: retriable('UNKNOWN_LEADER_EPOCH'),
  76: fatal('UNSUPPORTED_COMPRESSION_TYPE'),
  77: fatal('STALE_BROKER_EPOCH'),
  78: retriable('OFFSET_NOT_AVAILABLE'),
  79: fatal('MEMBER_ID_REQUIRED'),
  80: retriable('PREFERRED_LEADER_NOT_AVAILABLE'),
  81: fatal('GROUP_MAX_SIZE_REACHED'),
  82: fatal('FENCED_INSTANCE_ID'),
  86: fatal('GROUP_SUBSCRIBED_TO_TOPIC'),
  87: fatal('INVALID_RECORD'),
  88: retriable('UNSTABLE_OFFSET_COMMIT'),
  89: retriable('THROTTLING_QUOTA_EXCEEDED'),
  90: fatal('PRODUCER_FENCED'),
  91: fatal('RESOURCE_NOT_FOUND'),
  92: fatal('DUPLICATE_RESOURCE'),
  100: retriable('UNKNOWN_TOPIC_ID'),
  103: retriable('INCONSISTENT_TOPIC_ID'),
  106: retriable('FETCH_SESSION_TOPIC_ID_ERROR'),
  109: fatal('OFFSET_MOVED_TO_TIERED_STORAGE'),
  110: fatal('FENCED_MEMBER_EPOCH'),
  113: fatal('STALE_MEMBER_EPOCH'),
  120: fatal('TRANSACTION_ABORTABLE'),
};

/** The codes that this code acts upon, by name. */
export const code = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  messageTooLarge: 10,
  coordinatorLoadInProgress: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAlreadyExists: 36,
  notController: 41,
  duplicateSequenceNumber: 46,
  invalidProducerEpoch: 47,
  invalidTxnState: 48,
  concurrentTransactions: 51,
  operationNotAttempted: 55,
  memberIdRequired: 79,
  fencedInstanceId: 82,
  unstableOffsetCommit: 88,
  producerFenced: 90,
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

/** The error to throw for a code that is not worth repeating (any more). */
export function toMillraceError(errorCode: number, what: string, asked: Asked = {}): MillraceError {
  const found = asked.message ? `${errorName(errorCode)} (${asked.message})` : errorName(errorCode);
  const refusal = refusals[errorCode];
  const { operation, group, transactionalId, principal, message, ...details } = asked;
  return new MillraceError(refusal?.code ?? 'BROKER_REFUSED', what, {
    ...details,
    found,
    next: refusal?.next(asked) ?? 'Look the error up in the log of the broker; repeating does not cure it.',
  });
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
  53: denied('transactional-id', ({ transactionalId }) => transactionalId),
  58: { code: 'NOT_AUTHENTICATED', next: () => 'Check the sasl setting.' },
  81: { code: 'BROKER_REFUSED', next: () => "Raise the broker's group.max.size, or run fewer members." },
  82: fenced,
  90: fenced,
  110: fenced,
};
