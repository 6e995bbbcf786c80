import { MillraceError } from '../../errors.ts';
import type { SessionWindows } from '../node.ts';
import { checkOptions } from '../options.ts';
import { type Duration, milliseconds } from './duration.ts';

export interface SessionOptions {
  /** How long after the gap, in stream time, a session still takes records. Default: not at all. */
  readonly grace?: Duration | undefined;
}

/**
 * Windows of activity of a key: a record at most `gap` away from a session, before or after it, belongs to it, and one that lies
 * between two makes one of them. A session reaches from its first record to its last, both included. INVALID_DURATION,
 * INVALID_ARGUMENT.
 *
 * @example
 * // Visits end after half an hour without a click
 * clicks.pipe(window(session('30m')), count(), to('clicks-by-visit', { key: sessionWindowed(text) }));
 */
export function session(gap: Duration, options: SessionOptions = {}): SessionWindows {
  checkOptions(options, ['grace'], 'session()');
  const pause = milliseconds(gap, 'gap of session()');
  const grace = milliseconds(options.grace ?? 0, 'grace of session()');
  if (pause > 0 && Number.isSafeInteger(pause + grace))
    return Object.freeze({ kind: 'session', gap: pause, grace });
  throw new MillraceError('INVALID_ARGUMENT', 'The gap of session() makes no windows', {
    expected: 'more than 0, and with the grace at most 2^53 - 1 ms',
    found: `${pause} ms and a grace of ${grace} ms`,
    next: 'Give the time without a record that ends a session.',
  });
}
