import { MillraceError } from '../../errors.ts';
import type { SlidingWindows } from '../node.ts';
import { checkOptions } from '../options.ts';
import { type Duration, milliseconds } from './duration.ts';

export interface SlidingOptions {
  /** How long after its end, in stream time, a window still takes records. Default: not at all. */
  readonly grace?: Duration | undefined;
}

/**
 * Windows of records of a key that lie at most `difference` apart, both ends included: one ends with each record, and one
 * begins right behind it when something follows. So every set of records that fits a window is counted once. Windows do not
 * start before 1970: what is earlier than the difference shares the window from 0 on. INVALID_DURATION, INVALID_ARGUMENT.
 *
 * @example
 * // Three failed logins of one user within any ten minutes
 * failures.pipe(window(sliding('10m', { grace: '1m' })), count(), filter((failed) => failed >= 3));
 */
export function sliding(difference: Duration, options: SlidingOptions = {}): SlidingWindows {
  checkOptions(options, ['grace'], 'sliding()');
  const apart = milliseconds(difference, 'difference of sliding()');
  const grace = milliseconds(options.grace ?? 0, 'grace of sliding()');
  if (apart > 0 && Number.isSafeInteger(2 * apart + grace))
    return Object.freeze({ kind: 'sliding', difference: apart, grace });
  throw new MillraceError('INVALID_ARGUMENT', 'The difference of sliding() makes no windows', {
    expected: 'more than 0, and with the grace at most 2^53 - 1 ms',
    found: `${apart} ms and a grace of ${grace} ms`,
    next: 'Give how far the records of a window may be apart.',
  });
}
