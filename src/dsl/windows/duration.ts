import { MillraceError } from '../../errors.ts';
import { summary } from '../codecs/summary.ts';

/** A length of time: '500ms', '30s', '5m', '1.5h', '7d', or a number of milliseconds. A day is always 24 hours. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const factors = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * The duration in milliseconds: a whole number, not negative. `what` names it in the error: 'size of tumbling()'.
 * INVALID_DURATION on anything else; whether zero makes sense is for the caller to say.
 */
export function milliseconds(duration: Duration, what: string): number {
  const value = parse(duration);
  if (value !== undefined && value >= 0) return value;
  throw invalid(
    duration,
    what,
    "a duration like '500ms', '30s', '5m', '1.5h', '7d', or whole milliseconds, not negative",
  );
}

/** The same, but it may be negative: how far something is moved, earlier or later. */
export function signedMilliseconds(duration: Duration, what: string): number {
  const value = parse(duration);
  if (value !== undefined) return value;
  throw invalid(duration, what, "a duration like '500ms', '30s', '5m', '-9h', '7d', or whole milliseconds");
}

function parse(duration: unknown): number | undefined {
  if (typeof duration === 'number') return whole(duration);
  if (typeof duration !== 'string') return undefined;
  const match = /^(-?)(\d+)(?:\.(\d+))?(ms|s|m|h|d)$/.exec(duration);
  if (match === null) return undefined;
  const [, sign, integer, fraction = '', unit] = match;
  // In whole numbers: 1.1 * 1000 is not 1100.
  const scaled = Number(`${integer}${fraction}`) * factors[unit as keyof typeof factors];
  const divisor = 10 ** fraction.length;
  if (!Number.isSafeInteger(scaled) || scaled % divisor !== 0) return undefined;
  return whole((sign === '-' ? -scaled : scaled) / divisor);
}

/** Never -0. */
function whole(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

function invalid(duration: unknown, what: string, expected: string): MillraceError {
  return new MillraceError('INVALID_DURATION', `The ${what} is not a duration`, {
    expected,
    found: summary(duration),
    next: 'Write a number and one of the units ms, s, m, h, d without a space.',
  });
}
