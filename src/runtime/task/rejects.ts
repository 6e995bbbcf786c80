import type { Header } from '../../dsl/message.ts';
import type { DropReason } from '../../dsl/node.ts';
import { type ErrorPolicy, policyFor } from '../../dsl/policyFor.ts';
import type { MillraceError } from '../../errors.ts';
import type { Batch } from '../transport/transport.ts';
import type { Output } from './output.ts';

/** The bytes of a record that could not be processed, kept until it is known what becomes of it. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

export function rawRecord(batch: Batch): RawRecord {
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: batch.offset,
    timestamp: batch.timestamp,
    key: batch.keyBytes(),
    value: batch.valueBytes(),
    headers: batch.headers(),
  };
}

/** A record that was given up, and why. */
export interface Drop {
  readonly reason: DropReason;
  readonly step: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly error?: MillraceError;
}

/** Applies a source's policy to a record that failed: throws, or sees to it that the record is counted and not lost. */
export function reject(
  record: RawRecord,
  error: MillraceError,
  given: ErrorPolicy,
  output: Output,
  onDrop: (drop: Drop) => void,
): void {
  const policy = policyFor(given, error);
  if (policy === 'fail') throw error;
  const { topic, partition, offset } = record;
  if (policy !== 'skip') {
    const timestamp = Math.max(0, record.timestamp);
    output.append(policy.deadLetters, undefined, record.key, record.value, timestamp, [
      ...record.headers,
      ...envelope(record, error),
    ]);
  }
  const reason = error.code === 'STEP_FAILED' || error.code === 'STEP_TIMEOUT' ? 'failed' : 'undecodable';
  onDrop({ reason, step: error.details.step ?? topic, topic, partition, offset, error });
}

/** Where a dead letter came from and why it is one: enough to find the cause and to send it back. */
function envelope(record: RawRecord, error: MillraceError): Header[] {
  const header = (name: string, value: string | number): Header => [
    `millrace.${name}`,
    Buffer.from(String(value)),
  ];
  return [
    header('error.code', error.code),
    header('error.message', error.message),
    header('error.step', error.details.step ?? ''),
    header('origin.topic', record.topic),
    header('origin.partition', record.partition),
    header('origin.offset', record.offset),
    header('origin.timestamp', record.timestamp),
  ];
}
