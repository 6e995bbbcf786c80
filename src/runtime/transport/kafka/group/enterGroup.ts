import type { Clock } from '../../../clock.ts';
import type { Assignment, MemberOptions } from '../../transport.ts';
import { Attempts } from '../attempts.ts';
import type { Connection } from '../connection.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../protocol/consumerProtocol.ts';
import { code, isRetriable, toMillraceError } from '../protocol/errors.ts';
import { type JoinGroupAnswer, joinGroup } from '../protocol/joinGroup.ts';
import { syncGroup } from '../protocol/syncGroup.ts';
import { isLost } from '../requestLost.ts';
import { unlessAborted } from '../unlessAborted.ts';
import type { Heartbeats } from './heartbeats.ts';
import { instanceFenced } from './memberErrors.ts';

/** Members of one group must agree on this name; a group that other programs use is refused by it. */
const protocolName = 'millrace';

/** How much longer than the rebalance may take an answer to it may take. */
const graceMs = 5000;

export interface Entering {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly options: MemberOptions;
  /** Of this member alone: the broker holds both answers back until the others have come. */
  readonly lane: string;
  readonly heartbeats: Heartbeats;
  /** What the leader is told of this member; asked for once for each time it joins. */
  readonly userData: () => Buffer;
  /** What JoinGroup says until it succeeds: were it to change, the broker would begin another rebalance. */
  subscription?: Buffer | undefined;
  /** Gives up; the member may be in the group by then. */
  readonly signal: AbortSignal;
  /** As the group knows this member; kept up to date, '' while it does not. */
  memberId: string;
  /** Of the last time, -1 at first. */
  readonly generation: number;
}

export interface Entry {
  readonly generation: number;
  readonly assignment: Assignment;
}

/** Joins and is assigned partitions: JoinGroup, on the leader the assignment, SyncGroup; again until it succeeds. */
export async function enterGroup(entering: Entering): Promise<Entry> {
  const { connection, clock, signal } = entering;
  const ended = AbortSignal.any([signal, connection.closed]);
  const attempts = new Attempts(clock, connection.random, Number.POSITIVE_INFINITY, ended);
  for (;;) {
    signal.throwIfAborted();
    entering.heartbeats.stop();
    const again = await unlessAborted(enterOnce(entering, attempts.repeated), signal);
    if (typeof again !== 'string') return again;
    if (again === 'later') await attempts.pause();
  }
}

/** 'now': the coordinator itself says how to go on. 'later': something may have to recover first. */
type Again = 'now' | 'later';

async function enterOnce(entering: Entering, fresh: boolean): Promise<Entry | Again> {
  try {
    const node = await entering.connection.coordinator('group', entering.options.group, { fresh });
    const joined = await join(entering, node);
    return typeof joined === 'string' ? joined : await sync(entering, node, joined);
  } catch (error) {
    if (isLost(error)) return 'later';
    throw error;
  }
}

async function join(entering: Entering, node: number): Promise<JoinGroupAnswer | Again> {
  const { connection, options, lane, memberId } = entering;
  const { group, instanceId, sessionTimeoutMs, rebalanceTimeoutMs } = options;
  entering.subscription ??= subscriptionOf(entering);
  const request = joinGroup({
    group,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    memberId,
    instanceId,
    protocol: protocolName,
    subscription: entering.subscription,
  });
  const answer = await connection.send(node, lane, request, rebalanceTimeoutMs + graceMs);
  if (answer.errorCode === code.none || answer.errorCode === code.memberIdRequired) {
    entering.memberId = answer.memberId;
  }
  if (answer.errorCode !== code.none) return again(entering, answer.errorCode);
  entering.subscription = undefined;
  return answer;
}

function subscriptionOf({ options, generation, userData }: Entering): Buffer {
  return encodeSubscription({ topics: options.topics, userData: userData(), generation });
}

async function sync(entering: Entering, node: number, joined: JoinGroupAnswer): Promise<Entry | Again> {
  const { connection, options, lane, heartbeats } = entering;
  const { group, instanceId } = options;
  const { generation, memberId } = joined;
  // The assignment may take a while: the member has to be heard of in the meantime.
  heartbeats.start({ generation, memberId });
  const assignments = joined.leader === memberId ? await assign(options, joined) : new Map<string, Buffer>();
  const request = syncGroup({ group, generation, memberId, instanceId, assignments });
  const answer = await connection.send(node, lane, request, options.rebalanceTimeoutMs + graceMs);
  if (answer.errorCode === code.none) return { generation, assignment: decodeAssignment(answer.assignment) };
  return again(entering, answer.errorCode);
}

async function assign(options: MemberOptions, { members }: JoinGroupAnswer): Promise<Map<string, Buffer>> {
  const assignments = await options.assign(
    members.map(({ memberId, subscription }) => ({
      memberId,
      metadata: decodeSubscription(subscription).userData,
    })),
  );
  return new Map([...assignments].map(([memberId, assignment]) => [memberId, encodeAssignment(assignment)]));
}

function again(entering: Entering, errorCode: number): Again {
  switch (errorCode) {
    case code.memberIdRequired:
    case code.rebalanceInProgress:
    case code.illegalGeneration:
      return 'now';
    case code.unknownMemberId:
      entering.memberId = '';
      return 'now';
  }
  if (isRetriable(errorCode)) return 'later';
  const { group, instanceId } = entering.options;
  if (errorCode === code.fencedInstanceId) throw instanceFenced(group, instanceId);
  const { principal } = entering.connection;
  const what = `group ${group} cannot be joined`;
  throw toMillraceError(errorCode, what, { group, operation: 'Read', principal });
}
