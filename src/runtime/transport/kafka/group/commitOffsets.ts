import { MillraceError } from '../../../../errors.ts';
import type { Clock } from '../../../clock.ts';
import type { OffsetsToCommit } from '../../transport.ts';
import { askCoordinator } from '../askCoordinator.ts';
import type { Connection } from '../connection.ts';
import type { PartitionAnswer } from '../protocol/byTopic.ts';
import { toMillraceError } from '../protocol/errors.ts';
import { offsetCommit } from '../protocol/offsetCommit.ts';

/** Commits positions in the name of a member; generation -1: of none. FENCED when the group has gone on without it. */
export async function commitOffsets(
  connection: Connection,
  clock: Clock,
  commit: OffsetsToCommit,
): Promise<void> {
  const { group, generation, offsets } = commit;
  connection.closed.throwIfAborted();
  // Without a generation the broker would take the commit for one of a consumer that needs no group, and not check it.
  if (generation === -1) throw notMember(group);
  if (offsets.length === 0) return;
  const answers = await askCoordinator(connection, clock, {
    group,
    lane: 'offsets',
    request: offsetCommit(commit),
    errorCode: (answer) => firstError(answer)?.errorCode ?? 0,
    timeoutMs: connection.requestTimeoutMs,
  });
  const error = firstError(answers);
  if (error === undefined) return;
  const { topic, partition, errorCode } = error;
  const what = `the positions of group ${group} were not committed`;
  const { principal } = connection;
  throw toMillraceError(errorCode, what, { group, topic, partition, operation: 'Read', principal });
}

function firstError(answers: readonly PartitionAnswer[]): PartitionAnswer | undefined {
  return answers.find(({ errorCode }) => errorCode !== 0);
}

function notMember(group: string): MillraceError {
  return new MillraceError('FENCED', `the positions of group ${group} were not committed`, {
    expected: 'a member of the group',
    found: 'a member that the group has given up, or that has not joined',
    next: 'Nothing: whoever has the partitions now goes on from the last commit.',
  });
}
