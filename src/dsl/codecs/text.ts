import { MillraceError } from '../../errors.ts';
import type { TextCodec } from './codec.ts';
import { summary } from './summary.ts';

/**
 * Strings as UTF-8, as Kafka's StringSerializer writes them. The empty string and embedded NULs are kept.
 *
 * Refuses with ENCODE_FAILED what UTF-8 cannot carry: anything but a string, and strings with half a surrogate pair.
 *
 * @example
 * const words = stream('words', { key: text, value: text });
 */
export const text: TextCodec<string> = Object.freeze({
  name: 'text',
  format: 'text' as const,
  encode(value: string): string {
    if (typeof value === 'string' && value.isWellFormed()) return value;
    throw notText(value);
  },
  decode: (value: string): string => value,
  identity: (value: string): string => value,
});

function notText(value: unknown): MillraceError {
  if (typeof value === 'string') {
    return new MillraceError('ENCODE_FAILED', 'A string cannot be written as UTF-8', {
      expected: 'well-formed Unicode',
      found: `half a surrogate pair in ${summary(value)}`,
      next: 'Cut strings between characters, not between UTF-16 units, or repair them with toWellFormed().',
    });
  }
  return new MillraceError('ENCODE_FAILED', 'The text codec writes strings only', {
    expected: 'a string',
    found: summary(value),
    next: 'Give the step the codec of what it emits, or map to a string first.',
  });
}
