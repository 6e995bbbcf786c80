import { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { KeyRange } from '../keyRange.ts';
import type { BytesCodec, Codec, TextCodec } from './codec.ts';

export type Pair<A, B> = readonly [first: A, second: B];

/** Writes pairs, and knows where those that begin alike lie among all others: by what is written of the second part. */
export type PairCodec<A, B> = Codec<Pair<A, B>> & {
  /** The range of all pairs that begin with this. */
  readonly rangeOf: (first: A) => KeyRange;
};

/**
 * Keys of stores that are made of two; internal. Text where both are: the length of the first, ':', the first, '/', the
 * second. Else bytes: the length of the first as 4 bytes, the first, 0, the second. What comes behind '/' and 0 ends the range.
 */
export function pair<A, B>(first: Codec<A>, second: Codec<B>): PairCodec<A, B> {
  return Object.freeze(
    first.format === 'text' && second.format === 'text' ? textual(first, second) : binary(first, second),
  );
}

function textual<A, B>(first: TextCodec<A>, second: TextCodec<B>): PairCodec<A, B> {
  const begin = (part: A): string => {
    const written = first.encode(part);
    return `${written.length}:${written}`;
  };
  return {
    name: nameOf(first, second),
    format: 'text',
    encode: ([a, b]) => `${begin(a)}/${second.encode(b)}`,
    decode(source) {
      const header = /^(\d+):/.exec(source);
      const start = header === null ? 0 : header[0].length;
      const end = start + Number(header?.[1]);
      if (source[end] !== '/') throw damaged(JSON.stringify(source.slice(0, 60)));
      return [first.decode(source.slice(start, end)), second.decode(source.slice(end + 1))];
    },
    rangeOf: (part) => ({ from: `${begin(part)}/`, until: `${begin(part)}0` }),
  };
}

const lengthBytes = 4;

function binary<A, B>(first: Codec<A>, second: Codec<B>): PairCodec<A, B> {
  const begin = (part: A, behind: number): Buffer => {
    const written = bytesOf(first, part);
    const begun = Buffer.allocUnsafe(lengthBytes + written.length + 1);
    begun.writeUInt32BE(written.length, 0);
    written.copy(begun, lengthBytes);
    begun[begun.length - 1] = behind;
    return begun;
  };
  const codec: BytesCodec<Pair<A, B>> = {
    name: nameOf(first, second),
    format: 'bytes',
    encode: ([a, b]) => Buffer.concat([begin(a, 0), bytesOf(second, b)]),
    decode(source) {
      const end = source.length < lengthBytes ? -1 : lengthBytes + source.readUInt32BE(0);
      if (source[end] !== 0) throw damaged(`0x${source.toString('hex', 0, 30)}`);
      return [partOf(first, source.subarray(lengthBytes, end)), partOf(second, source.subarray(end + 1))];
    },
  };
  return { ...codec, rangeOf: (part) => ({ from: begin(part, 0), until: begin(part, 1) }) };
}

function bytesOf<T>(codec: Codec<T>, part: T): Buffer {
  return codec.format === 'text' ? Buffer.from(codec.encode(part)) : codec.encode(part);
}

function partOf<T>(codec: Codec<T>, bytes: Buffer): T {
  return codec.format === 'text' ? codec.decode(bytes.toString()) : codec.decode(bytes);
}

const nameOf = <A, B>(first: Codec<A>, second: Codec<B>): string => `pair(${first.name}, ${second.name})`;

function damaged(found: string): MillraceError {
  return new MillraceError('DECODE_FAILED', 'A key that is made of two cannot be read', {
    expected: 'the length of the first part, and both parts',
    found,
    next: 'Let nothing but this application write to its changelog topics; reset it if its topology has changed.',
  });
}
