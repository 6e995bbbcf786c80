import { MillraceError } from '../errors.ts';
import { summary } from './codecs/summary.ts';

/** Refuses what is none of the words an option knows. `what` says which option of which call. */
export function checkChoice(value: unknown, known: readonly string[], what: string): void {
  if (known.includes(value as string)) return;
  const expected = known.map((word) => `'${word}'`).join(' or ');
  throw new MillraceError('INVALID_ARGUMENT', `The ${what} is none of its words`, {
    expected,
    found: summary(value),
    next: `Write ${expected}, or leave it out.`,
  });
}
