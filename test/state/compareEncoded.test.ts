import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { compareEncoded } from '../../src/state/compareEncoded.ts';

describe('compareEncoded', () => {
  const texts = fc.string({
    unit: fc.oneof(
      fc.constantFrom('a', 'b', '\uffee', '\ud7ff', '\ue000', '😀'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  });

  test.prop([texts, texts])('orders text as its UTF-8 bytes', (a, b) => {
    expect(Math.sign(compareEncoded(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  });

  test.prop([fc.uint8Array(), fc.uint8Array()])('orders bytes as bytes', (a, b) => {
    expect(compareEncoded(Buffer.from(a), Buffer.from(b))).toBe(Buffer.compare(a, b));
  });
});
