import { MillraceError } from '../../../errors.ts';
import type { OffsetsToCommit } from '../transport.ts';
import type { Refusal } from './groupProtocol.ts';
import { fenced } from './transactions.ts';

/** Kafka's defaults: characters of offset.metadata.max.bytes, ms of group.max.session.timeout.ms. */
export const longestMetadata = 4_096;
export const longestSession = 1_800_000;

/** What a member is told whom the group no longer counts on. */
export function refused(group: string, refusal: Refusal): MillraceError {
  if (refusal === 'FENCED_INSTANCE_ID') {
    return new MillraceError('INSTANCE_FENCED', `another has taken the place of this one in group ${group}`, {
      next: 'Give each process an instanceId of its own (MILLRACE_INSTANCE_ID), or stop the one that is not wanted.',
    });
  }
  return fenced(`the group ${group} does not take this from a member that has lost its place (${refusal})`);
}

export function leftEarly(): MillraceError {
  return new MillraceError('NOT_RUNNING', 'the member left its group before it was assigned anything', {
    next: 'Join again with a new member.',
  });
}

export function metadataTooLong({
  topic,
  partition,
  metadata,
}: OffsetsToCommit['offsets'][number]): MillraceError {
  return new MillraceError('BROKER_REFUSED', 'the metadata of a position is too long', {
    topic,
    partition,
    expected: `at most ${longestMetadata} characters`,
    found: String(metadata.length),
    next: 'Commit less with the position.',
  });
}

export function sessionTooLong(sessionTimeoutMs: number): MillraceError {
  return new MillraceError('INVALID_SETTING', 'the session timeout is not one that the broker grants', {
    expected: `at most ${longestSession} ms`,
    found: `${sessionTimeoutMs} ms`,
    next: 'Use a shorter session timeout.',
  });
}
