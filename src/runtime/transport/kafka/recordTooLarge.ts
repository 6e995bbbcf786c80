import type { Encoded } from '../../../dsl/codecs/codec.ts';
import { MillraceError } from '../../../errors.ts';
import type { TopicPartition } from '../transport.ts';
import type { Connection } from './connection.ts';
import type { OutgoingBatch } from './outgoingBatch.ts';
import { describeConfigs } from './protocol/describeConfigs.ts';
import { readBatchHeader } from './recordBatch/batchHeader.ts';
import { openBatch } from './recordBatch/openBatch.ts';

interface Sizes {
  /** Of the batch with nothing but this record. */
  readonly all: number;
  readonly key: number | undefined;
  readonly value: number | undefined;
}

/** What to say of a record that is larger than a request of this producer may be. */
export function recordOverLimit(
  of: TopicPartition,
  key: Encoded | null,
  value: Encoded | null,
  bytes: number,
  limit: number,
): MillraceError {
  const sizes = { all: bytes, key: lengthOf(key), value: lengthOf(value) };
  return tooLarge('a record is larger than a request may be', of, sizes, {
    expected: `at most ${limit} bytes (maxRequestBytes)`,
    next: 'Write less into one record, or raise maxRequestBytes; the topic has to take it too (max.message.bytes).',
  });
}

/** What to say of a batch that the broker finds too large although it has a single record. */
export async function recordRefused(
  connection: Connection,
  { topic, partition }: TopicPartition,
  { sealed }: OutgoingBatch,
): Promise<MillraceError> {
  const of = { topic, partition };
  const record = openBatch(sealed!, readBatchHeader(sealed!, 0, of)!, of);
  record.next();
  const sizes = {
    all: sealed!.length,
    key: record.keyBytes()?.length,
    value: record.valueBytes()?.length,
  };
  return tooLarge('a record is larger than the topic takes', of, sizes, {
    expected: `at most ${(await limitOf(connection, topic)) ?? '?'} bytes (max.message.bytes)`,
    next: 'Write less into one record, or raise max.message.bytes of the topic.',
  });
}

function tooLarge(
  what: string,
  { topic, partition }: TopicPartition,
  { all, key, value }: Sizes,
  advice: { readonly expected: string; readonly next: string },
): MillraceError {
  const ofKey = key === undefined ? 'no key' : `the key ${key} of them`;
  const ofValue = value === undefined ? 'no value' : `the value ${value}`;
  const found = `${all} bytes: ${ofKey}, ${ofValue}`;
  return new MillraceError('RECORD_TOO_LARGE', what, { topic, partition, found, ...advice });
}

function lengthOf(part: Encoded | null): number | undefined {
  if (part === null) return undefined;
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

/** undefined where the broker does not tell: the record is too large all the same. */
async function limitOf(connection: Connection, topic: string): Promise<string | undefined> {
  try {
    const node = await connection.controller();
    const [answer] = await connection.send(node, 'admin', describeConfigs([topic]));
    return answer?.config['max.message.bytes'];
  } catch {
    return undefined;
  }
}
