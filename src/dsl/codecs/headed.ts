import { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { BytesCodec, Codec, TextCodec } from './codec.ts';

/** Something that has to travel through a topic, and what is to be known about it there. */
export interface Headed<H, B> {
  readonly header: H;
  readonly body: B | null;
}

/**
 * A body with a header in front, on its way through a repartition topic; internal. The header is JSON in one line; a body that
 * is there begins behind the end of the line, written as its codec does.
 */
export function headed<H, B>(inner: Codec<B>): Codec<Headed<H, B>> {
  return Object.freeze(inner.format === 'text' ? textual<H, B>(inner) : binary<H, B>(inner));
}

function textual<H, B>(inner: TextCodec<B>): TextCodec<Headed<H, B>> {
  return {
    name: `headed(${inner.name})`,
    format: 'text',
    encode({ header, body }) {
      const line = JSON.stringify(header);
      return body === null ? line : `${line}\n${inner.encode(body)}`;
    },
    decode(source) {
      const end = source.indexOf('\n');
      if (end < 0) return { header: parse(source), body: null };
      return { header: parse(source.slice(0, end)), body: inner.decode(source.slice(end + 1)) };
    },
  };
}

const lineEnd = 0x0a;

function binary<H, B>(inner: BytesCodec<B>): BytesCodec<Headed<H, B>> {
  return {
    name: `headed(${inner.name})`,
    format: 'bytes',
    encode({ header, body }) {
      const line = JSON.stringify(header);
      return body === null
        ? Buffer.from(line)
        : Buffer.concat([Buffer.from(`${line}\n`), inner.encode(body)]);
    },
    decode(source) {
      const end = source.indexOf(lineEnd);
      if (end < 0) return { header: parse(source.toString()), body: null };
      return { header: parse(source.toString('utf8', 0, end)), body: inner.decode(source.subarray(end + 1)) };
    },
  };
}

function parse<H>(line: string): H {
  try {
    return JSON.parse(line) as H;
  } catch (cause) {
    throw new MillraceError('DECODE_FAILED', 'A record in a repartition topic cannot be read', {
      cause,
      expected: 'a line of JSON, and behind it a key or a row',
      found: JSON.stringify(line.slice(0, 60)),
      next: 'Let nothing but this application write to its repartition topics; reset it if its topology has changed.',
    });
  }
}
