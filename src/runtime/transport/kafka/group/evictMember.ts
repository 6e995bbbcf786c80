import type { Clock } from '../../../clock.ts';
import type { MemberIdentity } from '../../transport.ts';
import { askCoordinator } from '../askCoordinator.ts';
import type { Connection } from '../connection.ts';
import { code, errorName, isRetriable, toMillraceError } from '../protocol/errors.ts';
import { leaveGroup } from '../protocol/leaveGroup.ts';
import { RequestLost } from '../requestLost.ts';

/** LeaveGroup in the name of a member. Rejects with RequestLost when no coordinator has taken it within `timeoutMs`. */
export async function evictMember(
  connection: Connection,
  clock: Clock,
  group: string,
  member: MemberIdentity,
  timeoutMs: number,
): Promise<void> {
  const { errorCode } = await askCoordinator(connection, clock, {
    group,
    lane: 'heartbeat',
    request: leaveGroup(group, member),
    errorCode: (answer) => answer.errorCode,
    timeoutMs,
    attemptTimeoutMs: timeoutMs,
  });
  if (errorCode === code.none || errorCode === code.unknownMemberId) return;
  const what = `group ${group} cannot be left`;
  const { principal } = connection;
  if (!isRetriable(errorCode))
    throw toMillraceError(errorCode, what, { group, operation: 'Read', principal });
  throw new RequestLost('BROKER_UNREACHABLE', what, true, {
    found: errorName(errorCode),
    next: 'Nothing: the group gives the member up when its session is over.',
  });
}
