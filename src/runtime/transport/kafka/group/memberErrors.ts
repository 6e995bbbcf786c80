import { MillraceError } from '../../../../errors.ts';

export function hasLeft(group: string): MillraceError {
  return new MillraceError('NOT_RUNNING', `a member that has left group ${group} cannot join it again`, {
    next: 'Open another member.',
  });
}

export function leftBefore(group: string): MillraceError {
  return new MillraceError('NOT_RUNNING', `the member left group ${group} before it had joined`, {
    next: 'Nothing, unless leave() was called by mistake.',
  });
}

export function overtaken(group: string, turn: string): MillraceError {
  return new MillraceError('NOT_RUNNING', `the assignment of group ${group} does not hold any more`, {
    found: turn,
    next: 'Nothing: the next assignment follows.',
  });
}

export function tooSlow(group: string, ms: number): MillraceError {
  return new MillraceError('FENCED', `letting go of the partitions took longer than group ${group} waits`, {
    expected: `revoked within ${ms} ms`,
    next: 'Make batches or mapAsync shorter, or raise the rebalance timeout.',
  });
}

export function instanceFenced(group: string, instanceId: string | undefined): MillraceError {
  return new MillraceError(
    'INSTANCE_FENCED',
    `another process has taken this one's place in group ${group}`,
    {
      expected: `one process with the instanceId ${instanceId}`,
      found: 'a newer one that has joined with the same',
      next: 'Give each process an instanceId of its own (MILLRACE_INSTANCE_ID), or stop the one that is not wanted.',
    },
  );
}
