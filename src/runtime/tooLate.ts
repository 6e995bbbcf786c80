import { MillraceError } from '../errors.ts';

/** The warning about a task that had to be let go before it had committed. */
export function tooLate(task: string, ms: number): MillraceError {
  return new MillraceError('REVOKE_TIMEOUT', `Task ${task} did not commit before it had to be let go`, {
    expected: `a commit within ${ms} ms`,
    next: 'Nothing: its records are processed again by whoever has it next. If this is not rare, raise revokeTimeout.',
  });
}
