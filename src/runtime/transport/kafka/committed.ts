import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { CommittedOffset, TopicPartition } from '../transport.ts';
import { askCoordinator } from './askCoordinator.ts';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { code, toMillraceError } from './protocol/errors.ts';
import { type OffsetFetchAnswer, offsetFetch } from './protocol/offsetFetch.ts';

/** The longest a broker lets a transaction run by default (transaction.max.timeout.ms); after it the broker has aborted it. */
const longestTransactionMs = 900_000;

/** What a group has committed, in the order of the partitions; waits while a transaction over one of them is undecided. */
export async function committed(
  connection: Connection,
  clock: Clock,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<(CommittedOffset | undefined)[]> {
  if (partitions.length === 0) return [];
  const found = new Map<string, CommittedOffset>();
  for (const answer of (await stable(connection, clock, group, partitions)).partitions) {
    const { topic, partition, errorCode, offset, metadata } = answer;
    if (errorCode !== 0) throw refused(connection, errorCode, group, topic, partition);
    if (offset >= 0) found.set(`${topic} ${partition}`, { offset, metadata });
  }
  return partitions.map(({ topic, partition }) => found.get(`${topic} ${partition}`));
}

async function stable(
  connection: Connection,
  clock: Clock,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<OffsetFetchAnswer> {
  const attempts = new Attempts(clock, connection.random, longestTransactionMs, connection.closed);
  for (;;) {
    const answer = await askCoordinator(connection, clock, {
      group,
      lane: 'offsets',
      request: offsetFetch(group, partitions),
      errorCode: finalErrorCode,
      timeoutMs: connection.requestTimeoutMs,
    });
    if (answer.errorCode !== 0) throw refused(connection, answer.errorCode, group);
    const unstable = answer.partitions.find(({ errorCode }) => errorCode === code.unstableOffsetCommit);
    if (unstable === undefined) return answer;
    if (attempts.last) throw undecided(group, unstable);
    await attempts.pause();
  }
}

/** A pending transaction is waited for here, on the same coordinator; everything else retriable may mean that it has moved. */
function finalErrorCode({ errorCode, partitions }: OffsetFetchAnswer): number {
  if (errorCode !== 0) return errorCode;
  const bad = partitions.find((item) => item.errorCode !== 0 && item.errorCode !== code.unstableOffsetCommit);
  return bad?.errorCode ?? 0;
}

function refused(
  { principal }: Connection,
  errorCode: number,
  group: string,
  topic?: string,
  partition?: number,
): MillraceError {
  return toMillraceError(errorCode, `the committed positions of group ${group} were not found`, {
    group,
    topic,
    partition,
    principal,
    operation: 'Describe',
  });
}

function undecided(group: string, { topic, partition }: TopicPartition): MillraceError {
  return new MillraceError(
    'BROKER_REFUSED',
    `a transaction over the positions of group ${group} does not end`,
    {
      topic,
      partition,
      found: 'UNSTABLE_OFFSET_COMMIT for 15 minutes',
      next: 'Find the transaction with kafka-transactions.sh find-hanging and abort it.',
    },
  );
}
