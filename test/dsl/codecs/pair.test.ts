import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import type { Codec } from '../../../src/dsl/codecs/codec.ts';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { type PairCodec, pair } from '../../../src/dsl/codecs/pair.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { failure } from '../failure.ts';

/** Through UTF-8 and back, as topics and stores do it. */
function written<T>(codec: Codec<T>, value: T): Buffer {
  return codec.format === 'text' ? Buffer.from(codec.encode(value)) : codec.encode(value);
}

function readBack<T>(codec: Codec<T>, source: Buffer): T {
  return codec.format === 'text' ? codec.decode(source.toString()) : codec.decode(source);
}

function isWithin<A, B>(codec: PairCodec<A, B>, first: A, key: Buffer): boolean {
  const { from, until } = codec.rangeOf(first);
  const order = (bound: string | Buffer): number => Buffer.compare(key, Buffer.from(bound as string));
  return order(from) >= 0 && order(until) < 0;
}

describe('pair', () => {
  it('stays text where both parts are, and names them', () => {
    expect([pair(text, text).name, pair(text, text).format, pair(text, int64).format]).toEqual([
      'pair(text, text)',
      'text',
      'bytes',
    ]);
    expect(written(pair(text, text), ['a/b', 'c']).toString()).toBe('3:a/b/c');
  });

  const words = fc.string({ unit: 'binary', maxLength: 4 }).map((word) => word.toWellFormed());
  const blobs = fc.uint8Array({ maxLength: 4 }).map((octets) => Buffer.from(octets));

  test.prop([words, words, words])('keeps texts and those that begin alike together', (a, b, other) => {
    const codec = pair(text, text);
    const key = written(codec, [a, b]);
    expect(readBack(codec, key)).toEqual([a, b]);
    expect(isWithin(codec, other, key)).toBe(other === a);
  });

  test.prop([blobs, words, blobs])('keeps bytes and those that begin alike together', (a, b, other) => {
    const codec = pair(bytes, text);
    const key = written(codec, [a, b]);
    expect(readBack(codec, key)).toEqual([a, b]);
    expect(isWithin(codec, other, key)).toBe(other.equals(a));
  });

  test.prop([words, words, words])(
    'orders pairs that begin alike by the bytes of the second part',
    (a, b, c) => {
      const codec = pair(text, text);
      const order = Buffer.compare(written(codec, [a, b]), written(codec, [a, c]));
      expect(order).toBe(Buffer.compare(Buffer.from(b), Buffer.from(c)));
    },
  );

  it.each(['', 'a', '1:', '2:a/', '1:ab', ':a/'])('refuses the damaged text %o', (damaged) => {
    expect(failure(() => readBack(pair(text, text), Buffer.from(damaged))).code).toBe('DECODE_FAILED');
  });

  it.each(['', '000000', '00000001', '0000000161', '000000016101'])(
    'refuses the damaged bytes %s',
    (damaged) => {
      expect(failure(() => readBack(pair(bytes, text), Buffer.from(damaged, 'hex'))).code).toBe(
        'DECODE_FAILED',
      );
    },
  );
});
