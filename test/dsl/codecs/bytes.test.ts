import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { failure } from '../failure.ts';

describe('bytes', () => {
  property.prop([fc.uint8Array()])('gives back what it takes', (value) => {
    const buffer = Buffer.from(value);
    expect(bytes.decode(bytes.encode(buffer)).equals(buffer)).toBe(true);
  });

  test('gives a copy, for the bytes it reads are only lent', () => {
    const lent = Buffer.from('abc');
    const kept = bytes.decode(lent);
    lent.fill(0);
    expect(kept.toString()).toBe('abc');
  });

  test('writes the part of memory a Uint8Array shows', () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect([...bytes.encode(view as Buffer)]).toEqual([2, 3]);
  });

  test('takes and gives no bytes at all', () => {
    expect(bytes.decode(bytes.encode(Buffer.alloc(0)))).toHaveLength(0);
  });

  test.each(['a', 1, {}, [1], undefined, null, new ArrayBuffer(1), new Uint16Array(1)])(
    'refuses %o',
    (value) => {
      expect(failure(() => bytes.encode(value as unknown as Buffer)).code).toBe('ENCODE_FAILED');
    },
  );
});
