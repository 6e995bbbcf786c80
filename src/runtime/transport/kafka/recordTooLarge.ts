import { MillraceError } from '../../../errors.ts';
import type { Connection } from './connection.ts';
import { describeConfigs } from './protocol/describeConfigs.ts';
import { readBatchHeader } from './recordBatch/batchHeader.ts';
import { openBatch } from './recordBatch/openBatch.ts';
import type { WritePartition } from './writePartition.ts';

/** What to say of a first batch that the broker finds too large although it has a single record. */
export async function recordTooLarge(
  connection: Connection,
  { topic, partition, batches }: WritePartition,
): Promise<MillraceError> {
  const bytes = batches[0]!.sealed!;
  const record = openBatch(bytes, readBatchHeader(bytes, 0, { topic, partition })!, { topic, partition });
  record.next();
  const key = record.keyBytes();
  const limit = await limitOf(connection, topic);
  return new MillraceError('RECORD_TOO_LARGE', 'a record is larger than the topic takes', {
    topic,
    partition,
    expected: `at most ${limit ?? '?'} bytes (max.message.bytes)`,
    found: `${bytes.length} bytes, ${key === null ? 'no key' : `the key ${key.length} of them`}`,
    next: 'Write less into one record, or raise max.message.bytes of the topic.',
  });
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
