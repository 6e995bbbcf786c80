import { type ErrorCode, MillraceError } from '../errors.ts';
import { summary } from './codecs/summary.ts';

/**
 * Refuses options that do not exist, so that a slip of the pen is not a setting that silently stays at its default.
 * `what` is the call as the user wrote it: 'stream()'. Options that are left out or undefined are fine.
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  what: string,
  code: ErrorCode = 'INVALID_ARGUMENT',
): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new MillraceError('INVALID_ARGUMENT', `The options of ${what} are not an object`, {
      expected: `an object with ${known.join(', ')}`,
      found: summary(options),
      next: 'Pass the options as one object after the other arguments.',
    });
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw unknownOption(name, known, what, code);
  }
}

function unknownOption(name: string, known: readonly string[], what: string, code: ErrorCode): MillraceError {
  const meant = closest(name, known);
  return new MillraceError(code, `${what} has no option '${name}'`, {
    expected: known.length === 0 ? 'no options' : known.join(', '),
    found: name,
    next: meant === undefined ? `Remove '${name}'.` : `Did you mean '${meant}'?`,
  });
}

/** The name that is meant most likely; undefined where none is near enough to be worth a guess. */
export function closest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Edits (insert, delete, replace, swap neighbours) between two words. */
function distance(from: string, to: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replace = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swap = swapped ? older[column - 2]! + 1 : replace;
      current.push(Math.min(replace, swap, previous[column]! + 1, current[column - 1]! + 1));
    }
    [older, previous] = [previous, current];
  }
  return previous[to.length]!;
}
