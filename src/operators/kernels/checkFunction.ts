import { summary } from '../../dsl/codecs/summary.ts';
import { MillraceError } from '../../errors.ts';

/** Refuses what is not a function. `what` says which: 'predicate of filter()'. */
export function checkFunction(
  candidate: unknown,
  what: string,
  expected = 'a function of (value, message)',
): void {
  if (typeof candidate === 'function') return;
  throw new MillraceError('INVALID_ARGUMENT', `The ${what} is not a function`, {
    expected,
    found: summary(candidate),
    next: 'Pass a function.',
  });
}
