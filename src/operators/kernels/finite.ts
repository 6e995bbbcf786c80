import { summary } from '../../dsl/codecs/summary.ts';
import { MillraceError } from '../../errors.ts';

/** A number that may enter a row: one NaN or missing property would spoil a sum for ever. `what` gave it: 'sum()'. */
export function finite(result: unknown, what: string): number {
  if (Number.isFinite(result)) return result as number;
  throw new MillraceError('STEP_FAILED', `The function given to ${what} did not give a number`, {
    expected: 'a finite number',
    found: summary(result),
    next: 'Filter such records out before this step, or give them a number.',
  });
}
