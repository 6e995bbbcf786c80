import type { Codec } from '../../src/dsl/codecs/codec.ts';

/** Codecs of the kinds that state tells apart. */
export const text: Codec<string> = {
  name: 'text',
  format: 'text',
  encode: (value) => value,
  decode: (stored) => stored,
};

export const json: Codec<unknown> = {
  name: 'json',
  format: 'text',
  encode: (value) => JSON.stringify(value),
  decode: (stored) => JSON.parse(stored),
};

export const bytes: Codec<Buffer> = {
  name: 'bytes',
  format: 'bytes',
  encode: (value) => value,
  decode: (stored) => Buffer.from(stored),
};

/** Has an identity of its own: the number. */
export const int32: Codec<number> = {
  name: 'int32',
  format: 'bytes',
  encode(value) {
    const buffer = Buffer.alloc(4);
    buffer.writeInt32BE(value);
    return buffer;
  },
  decode: (stored) => stored.readInt32BE(),
  identity: (value) => value,
};
