/** Errors that end a task but not the application: the task is opened again, which fences, restores and finds its place. */
export const passing: ReadonlySet<string> = new Set([
  'FENCED',
  'PRODUCER_LOST',
  'OUTCOME_UNKNOWN',
  'BROKER_UNREACHABLE',
  'DELIVERY_TIMEOUT',
  'TRANSPORT_CLOSED',
  'STATE_LOCKED',
  'DISK_FULL',
]);

/** Errors of a single record, which its source may want passed on instead of stopping. */
export const ofRecord: ReadonlySet<string> = new Set([
  'STEP_FAILED',
  'STEP_TIMEOUT',
  'ENCODE_FAILED',
  'SCHEMA_MISMATCH',
]);
