import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { text } from '../../../src/dsl/codecs/text.ts';
import { failure } from '../failure.ts';

describe('text', () => {
  property.prop([fc.string({ unit: 'binary' })])(
    'gives back through UTF-8 every string it takes',
    (value) => {
      const written = Buffer.from(text.encode(value), 'utf8').toString('utf8');
      expect(text.decode(written)).toBe(value);
    },
  );

  test('keeps the empty string, embedded NULs and a byte order mark', () => {
    for (const value of ['', '\0', 'a\0b', '\uFEFFa', '😀'])
      expect(text.decode(text.encode(value))).toBe(value);
  });

  test.each(['\uD800', 'a\uDC00', '\uDC00\uD800', '\uD83D😀'])(
    'refuses half a surrogate pair: %j',
    (value) => {
      const error = failure(() => text.encode(value));
      expect(error.code).toBe('ENCODE_FAILED');
      expect(error.details.found).toContain('surrogate');
    },
  );

  test.each([1, true, 1n, {}, [], Symbol('s'), () => 0, Buffer.from('a'), undefined, null])(
    'refuses what is not a string: %o',
    (value) => {
      const error = failure(() => text.encode(value as unknown as string));
      expect(error.code).toBe('ENCODE_FAILED');
      expect(error.details.expected).toBe('a string');
    },
  );

  test('shows only the start of a long string', () => {
    const error = failure(() => text.encode(`${'x'.repeat(5000)}\uD800`));
    expect(error.message.length).toBeLessThan(500);
    expect(error.message).toContain('5001 characters');
  });
});
