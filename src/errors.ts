/** Every code millrace can fail with, and the one sentence that says what it means. docs/errors.md has a section for each. */
export const errorCodes = {
  // describing
  INVALID_ARGUMENT: 'an argument of a DSL call is not what the call takes',
  INVALID_DURATION: 'a duration is not a positive number with a unit',
  INVALID_NAME: 'a name cannot be used for a topic, a store or an application',
  AMBIGUOUS_NAME: 'two steps that keep state would get the same name',
  MISPLACED_STEP: 'a step stands where it cannot work',
  UNKNOWN_SETTING: 'a setting does not exist',
  INVALID_SETTING: 'a setting has a value that cannot be used',
  UNSUPPORTED_NODE: 'this version of Node.js cannot run millrace',
  // records
  DECODE_FAILED: 'the bytes of a key or a value cannot be read with their codec',
  ENCODE_FAILED: 'a key or a value cannot be written with its codec',
  SCHEMA_MISMATCH: 'a value was decoded but does not fit its schema',
  NULL_KEY: 'a record has no key where one is needed',
  NULL_VALUE: 'a record has no value where one is needed',
  INVALID_TIMESTAMP: 'a record has no usable timestamp',
  RECORD_TOO_LARGE: 'a record is larger than the broker takes',
  STEP_FAILED: 'a function given to a step threw',
  STEP_TIMEOUT: 'an asynchronous function took longer than allowed',
  BUFFER_FULL: 'a step would have to hold back more than it may',
  ASYNC_EMISSION: 'a step emitted outside the call that fed it',
  CORRUPT_BATCH: 'a record batch is damaged',
  // topics and brokers
  UNKNOWN_TOPIC: 'a topic does not exist',
  PARTITION_MISMATCH: 'topics that are joined have different numbers of partitions',
  PARTITIONS_CHANGED: 'a topic has another number of partitions than its state was built for',
  INTERNAL_TOPIC_MISMATCH: 'an internal topic exists but is not configured as it must be',
  BROKER_UNREACHABLE: 'no broker answers',
  NOT_AUTHENTICATED: 'the broker refused the credentials',
  NOT_AUTHORIZED: 'the broker refuses the operation to this user',
  UNSUPPORTED_BROKER: 'the broker is too old',
  UNSUPPORTED_CLIENT: 'the installed kafkajs is not the version millrace was built on',
  DELIVERY_TIMEOUT: 'records were not acknowledged in time',
  BROKER_REFUSED: 'the broker answered with an error that repeating does not cure',
  OFFSET_OUT_OF_RANGE: 'the position to read from is no longer, or not yet, in the topic',
  LOG_TRUNCATED: 'records that were read are no longer in the topic',
  OFFSETS_MOVED: 'committed offsets and state do not belong together',
  FENCED: 'another instance has taken this task over',
  PRODUCER_LOST: 'the broker has given up a producer, or a transaction of its',
  INSTANCE_FENCED: 'another process has joined the group under the same instanceId',
  OUTCOME_UNKNOWN: 'the broker did not say whether a transaction was committed',
  TRANSPORT_CLOSED: 'the connection was closed while it was in use',
  // state
  STATE_UNWRITABLE: 'the state folder cannot be written',
  STATE_LOCKED: 'another process uses the state folder',
  STATE_CORRUPT: 'a state database is damaged',
  STATE_INCOMPATIBLE: 'a state database was written by another topology or version',
  STATE_AHEAD: 'a state database is ahead of its changelog',
  DISK_FULL: 'the disk is full',
  UNKNOWN_STORE: 'there is no store of that name',
  // life
  NOT_RUNNING: 'the application is not in a state that allows this',
  NOT_SETTLED: 'a driven application does not get to the end of its topics',
  REVOKE_TIMEOUT: 'a task that moves to another worker did not commit in the time it has for that',
  SNAPSHOT_FAILED: 'a snapshot of state could not be taken',
  SNAPSHOT_IGNORED: 'a snapshot of state cannot be used',
  STANDBYS_MISSING: 'tasks have fewer standbys than wanted',
  STOP_TIMEOUT: 'stopping took longer than allowed',
  WORKER_FAILED: 'a worker process ends again and again',
  INTERNAL: 'millrace itself is wrong',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Where it happened, what was expected and found, and what to do next. */
export interface ErrorDetails {
  readonly cause?: unknown;
  readonly step?: string | undefined;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly offset?: number | undefined;
  readonly path?: string | undefined;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** What the reader can do about it: one imperative sentence. */
  readonly next?: string | undefined;
}

/** The only error millrace throws: a stable `code`, and a message of what, where, expected, found and what to do. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(compose(code, what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

function compose(code: ErrorCode, what: string, details: ErrorDetails): string {
  const at = where(details);
  const lines = [`${code}: ${what}${at ? ` (${at})` : ''}.`];
  if (details.expected !== undefined) lines.push(`Expected: ${details.expected}`);
  if (details.found !== undefined) lines.push(`Found: ${details.found}`);
  if (details.cause instanceof Error) lines.push(`Cause: ${details.cause.message}`);
  if (details.next !== undefined) lines.push(`Next: ${details.next}`);
  return lines.join('\n  ');
}

function where({ step, topic, partition, offset, path }: ErrorDetails): string {
  const parts: string[] = [];
  if (step !== undefined) parts.push(`step ${step}`);
  if (topic !== undefined) {
    parts.push(
      `topic ${topic}${partition === undefined ? '' : ` partition ${partition}`}${offset === undefined ? '' : ` offset ${offset}`}`,
    );
  }
  if (path !== undefined) parts.push(path);
  return parts.join(', ');
}
