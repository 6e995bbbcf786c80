import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { identityOf } from '../../../src/dsl/codecs/identityOf.ts';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { json } from '../../../src/dsl/codecs/json.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { windowed } from '../../../src/dsl/codecs/windowed.ts';

describe('identityOf', () => {
  it('is the value itself for texts and numbers, what is written for the rest', () => {
    expect([identityOf(text)('a'), identityOf(int64)(7), identityOf(json())({ a: 1 })]).toEqual([
      'a',
      7,
      '{"a":1}',
    ]);
    expect(identityOf(bytes)(Buffer.from([0, 255]))).toBe('\u0000ÿ');
  });

  test.prop([fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 3 })])(
    'is equal exactly for equal bytes',
    (a, b) => {
      const identify = identityOf(bytes);
      expect(identify(Buffer.from(a)) === identify(Buffer.from(b))).toBe(Buffer.compare(a, b) === 0);
    },
  );

  it('tells windows of one key apart, and keys of one window', () => {
    const identify = identityOf(windowed(text, 10));
    const keys = [
      ['a', 0],
      ['a', 10],
      ['b', 0],
      ['0@a', 0],
    ] as const;
    expect(new Set(keys.map(([key, start]) => identify({ key, start, end: start + 10 }))).size).toBe(4);
  });
});
