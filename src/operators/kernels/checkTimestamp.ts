import { summary } from '../../dsl/codecs/summary.ts';
import { MillraceError } from '../../errors.ts';

/** A timestamp that a user's function gave. `who` begins the sentence: 'The function given to withTimestamp() gave'. */
export function checkTimestamp(timestamp: unknown, step: string, who: string): number {
  if (Number.isSafeInteger(timestamp) && (timestamp as number) >= 0) return timestamp as number;
  throw new MillraceError('INVALID_TIMESTAMP', `${who} no timestamp`, {
    step,
    expected: 'whole milliseconds since 1970, UTC',
    found: summary(timestamp),
    next: 'Filter such records out before this step, or fall back to message.timestamp.',
  });
}
