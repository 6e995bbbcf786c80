import { describe, expectTypeOf, it } from 'vitest';
import { bytes, delay, json, map, nullable, type Stream, stream, text } from '../../src/index.ts';

const letters = stream('letters', { key: nullable(text), value: json<{ readonly size: number }>() });
const packed = letters.pipe(map((): Buffer => Buffer.alloc(1)));

describe('delay', () => {
  it('keeps the types but for the null of the key', () => {
    expectTypeOf(letters.pipe(delay('1s'))).toEqualTypeOf<Stream<string, { readonly size: number }>>();
  });

  it('asks for a codec where JSON cannot carry the values', () => {
    // @ts-expect-error the codec of the values is missing
    packed.pipe(delay('1s'));
    // @ts-expect-error a name alone is not enough
    packed.pipe(delay('1s', 'held'));
    expectTypeOf(packed.pipe(delay('1s', { value: bytes }))).toEqualTypeOf<Stream<string, Buffer>>();
  });

  it('does not take what is no duration', () => {
    // @ts-expect-error a unit is missing
    letters.pipe(delay('1'));
  });
});
