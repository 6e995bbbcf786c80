import { MillraceError } from '../../errors.ts';

/** The result of a user's function where it becomes a row: `undefined` is a forgotten return, not a value. */
export function defined<T>(result: T): T {
  if (result !== undefined) return result;
  throw new MillraceError('STEP_FAILED', 'The function returned undefined', {
    expected: 'a value, or null for no row',
    found: 'undefined',
    next: 'Return the new value (never change the old one in place), or null to delete the row.',
  });
}
