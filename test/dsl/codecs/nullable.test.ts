import { describe, expect, test } from 'vitest';
import type { TextCodec } from '../../../src/dsl/codecs/codec.ts';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { nullable } from '../../../src/dsl/codecs/nullable.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { windowed } from '../../../src/dsl/codecs/windowed.ts';

describe('nullable', () => {
  test('marks a copy and leaves the codec itself alone', () => {
    expect(nullable(text).nullable).toBe(true);
    expect(text.nullable).toBeUndefined();
    expect(nullable(text).name).toBe('text');
  });

  test('writes and reads as the codec does', () => {
    const codec = nullable(int64);
    if (codec.format !== 'bytes') throw new Error('the format changed');
    expect(codec.decode(codec.encode(42))).toBe(42);
  });

  test('keeps partitionBy and identity', () => {
    const codec = nullable(windowed(text, '1s'));
    const key = { key: 'a', start: 0, end: 1000 };
    expect(codec.partitionBy?.(key)).toBe('a');
    expect(codec.identity?.(key)).toBe('0@a');
    expect(nullable(nullable(text)).nullable).toBe(true);
  });

  test('takes a codec that is an instance of a class', () => {
    class Reversed implements TextCodec<string> {
      readonly name = 'reversed';
      readonly format = 'text';
      #flip(value: string): string {
        return [...value].reverse().join('');
      }
      encode(value: string): string {
        return this.#flip(value);
      }
      decode(value: string): string {
        return this.#flip(value);
      }
      identity(value: string): string {
        return this.#flip(value);
      }
    }
    const codec = nullable(new Reversed());
    expect(codec.encode('abc')).toBe('cba');
    expect(codec.identity?.('abc')).toBe('cba');
  });
});
