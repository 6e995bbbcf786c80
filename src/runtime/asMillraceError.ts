import { type ErrorDetails, MillraceError } from '../errors.ts';

/** What was thrown, if it is ours; else an INTERNAL error around it: nothing leaves millrace without a code. */
export function asMillraceError(error: unknown, what: string, details: ErrorDetails = {}): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError('INTERNAL', `${what} failed in a way that was not foreseen`, {
    ...details,
    cause: error,
    next: 'Report this to millrace with the stack of the cause.',
  });
}
