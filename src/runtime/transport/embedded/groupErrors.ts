import { MillraceError } from '../../../errors.ts';
import type { Refusal } from './groupProtocol.ts';
import { fenced } from './transactions.ts';

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
