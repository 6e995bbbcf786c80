import { MillraceError } from '../../errors.ts';
import type { AlignedWindows } from '../node.ts';
import { type Duration, milliseconds, signedMilliseconds } from './duration.ts';

interface Lengths {
  readonly size: Duration;
  readonly advance: Duration;
  readonly grace?: Duration | undefined;
  readonly offset?: Duration | undefined;
}

/** Checks the lengths of aligned windows and normalises them: the offset lies in [0, advance). */
export function alignedWindows(kind: AlignedWindows['kind'], lengths: Lengths): AlignedWindows {
  const size = milliseconds(lengths.size, `size of ${kind}()`);
  const advance = milliseconds(lengths.advance, `advance of ${kind}()`);
  const grace = milliseconds(lengths.grace ?? 0, `grace of ${kind}()`);
  const offset = signedMilliseconds(lengths.offset ?? 0, `offset of ${kind}()`);
  if (size === 0) {
    throw invalid(kind, 'The size', 'more than 0', '0', 'Give the length of a window.');
  }
  if (advance === 0 || advance > size) {
    const next = 'Let windows overlap or touch: records between them would be in none.';
    throw invalid(kind, 'The advance', `more than 0 and at most the size, ${size} ms`, `${advance} ms`, next);
  }
  if (!Number.isSafeInteger(size + grace)) {
    throw invalid(
      kind,
      'Size and grace together',
      'at most 2^53 - 1 ms',
      `${size} + ${grace} ms`,
      'Shorten the grace.',
    );
  }
  return Object.freeze({ kind, size, advance, grace, offset: ((offset % advance) + advance) % advance });
}

function invalid(kind: string, what: string, expected: string, found: string, next: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `${what} of ${kind}() makes no windows`, {
    expected,
    found,
    next,
  });
}
