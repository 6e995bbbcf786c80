import type { Clock } from '../../../clock.ts';
import { askCoordinator } from '../askCoordinator.ts';
import type { Connection } from '../connection.ts';
import { code, isRetriable, toMillraceError } from '../protocol/errors.ts';
import { leaveGroup } from '../protocol/leaveGroup.ts';
import { RequestLost } from '../requestLost.ts';

/** LeaveGroup, for as long as it is worth it: without an answer the group notices by itself when the session ends. */
export async function departGroup(
  connection: Connection,
  clock: Clock,
  group: string,
  memberId: string,
  sessionTimeoutMs: number,
): Promise<void> {
  const timeoutMs = Math.min(sessionTimeoutMs, 5000);
  try {
    const { errorCode } = await askCoordinator(connection, clock, {
      group,
      lane: 'heartbeat',
      request: leaveGroup(group, memberId),
      errorCode: (answer) => answer.errorCode,
      timeoutMs,
      attemptTimeoutMs: timeoutMs,
    });
    if (errorCode === code.none || errorCode === code.unknownMemberId || isRetriable(errorCode)) return;
    const { principal } = connection;
    throw toMillraceError(errorCode, `group ${group} cannot be left`, {
      group,
      operation: 'Read',
      principal,
    });
  } catch (error) {
    if (!(error instanceof RequestLost)) throw error;
  }
}
