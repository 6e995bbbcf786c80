import { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { Change } from '../message.ts';
import type { BytesCodec, Codec, TextCodec } from './codec.ts';

/**
 * Changes of rows on their way through a repartition topic; internal. Text stays text: the lengths of the row before and
 * after, '-' for none, then both. Bytes: the length of the row before and after as 4 bytes each, -1 for none, then both.
 */
export function change<V>(inner: Codec<V>): ChangeCodec<V> {
  const codec = inner.format === 'text' ? textual(inner) : binary(inner);
  return Object.freeze({ ...codec, row: inner });
}

export type ChangeCodec<V> = Codec<Change<V>> & {
  /** Writes one row. */
  readonly row: Codec<V>;
};

function textual<V>(inner: TextCodec<V>): TextCodec<Change<V>> {
  return {
    name: `change(${inner.name})`,
    format: 'text',
    encode({ before, after }) {
      const was = before === null ? undefined : inner.encode(before);
      const is = after === null ? undefined : inner.encode(after);
      return `${was?.length ?? '-'},${is?.length ?? '-'}:${was ?? ''}${is ?? ''}`;
    },
    decode(source) {
      const header = /^(\d+|-),(\d+|-):/.exec(source);
      if (header === null) throw damaged(`text that begins ${JSON.stringify(source.slice(0, 20))}`);
      const [{ length: start }, was, is] = header as unknown as readonly [string, string, string];
      const middle = start + (was === '-' ? 0 : Number(was));
      const end = middle + (is === '-' ? 0 : Number(is));
      if (end !== source.length) throw damaged(`${source.length} characters where ${end} are announced`);
      return {
        before: was === '-' ? null : inner.decode(source.slice(start, middle)),
        after: is === '-' ? null : inner.decode(source.slice(middle)),
      };
    },
  };
}

const headerLength = 8;

function binary<V>(inner: BytesCodec<V>): BytesCodec<Change<V>> {
  return {
    name: `change(${inner.name})`,
    format: 'bytes',
    encode({ before, after }) {
      const was = before === null ? undefined : inner.encode(before);
      const is = after === null ? undefined : inner.encode(after);
      const header = Buffer.allocUnsafe(headerLength);
      header.writeInt32BE(was?.length ?? -1, 0);
      header.writeInt32BE(is?.length ?? -1, 4);
      return Buffer.concat([header, ...(was ? [was] : []), ...(is ? [is] : [])]);
    },
    decode(source) {
      if (source.length < headerLength) throw damaged(`${source.length} bytes`);
      const was = source.readInt32BE(0);
      const is = source.readInt32BE(4);
      const middle = headerLength + Math.max(was, 0);
      const end = middle + Math.max(is, 0);
      if (was < -1 || is < -1 || end !== source.length) {
        throw damaged(`${source.length} bytes where ${end} are announced`);
      }
      return {
        before: was === -1 ? null : inner.decode(source.subarray(headerLength, middle)),
        after: is === -1 ? null : inner.decode(source.subarray(middle)),
      };
    },
  };
}

function damaged(found: string): MillraceError {
  return new MillraceError('DECODE_FAILED', 'A change in a repartition topic cannot be read', {
    expected: 'a row before and a row after, each with its length',
    found,
    next: 'Let nothing but this application write to its repartition topics; reset it if its topology has changed.',
  });
}
