import { Buffer } from 'node:buffer';
import type { Codec, TextCodec } from '../../dsl/codecs/codec.ts';
import { type Headers, noHeaders } from '../../dsl/message.ts';
import type { AnyCodec, AnyMessage } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** A whole message in the store of a step that holds records back: JSON of its timestamp, key, value and headers. */
export function delayedMessage(key: AnyCodec, value: AnyCodec): TextCodec<AnyMessage> {
  return Object.freeze({
    name: `delayed(${key.name}, ${value.name})`,
    format: 'text' as const,
    encode(message: AnyMessage): string {
      const { timestamp, headers } = message;
      const parts = [timestamp, write(key, message.key), write(value, message.value)];
      return JSON.stringify(headers.length === 0 ? parts : [...parts, headers.map(writeHeader)]);
    },
    decode(source: string): AnyMessage {
      const [timestamp, keyText, valueText, headers] = parse(source);
      return {
        key: read(key, keyText),
        value: read(value, valueText),
        timestamp,
        headers: headers === undefined ? noHeaders : readHeaders(headers),
      };
    },
  });
}

/** Bytes as base64; null stands for itself. */
type Part = string | null;
type Parts = readonly [
  timestamp: number,
  key: Part,
  value: Part,
  headers?: readonly (readonly [name: string, value: Part])[],
];

function write(codec: AnyCodec, part: unknown): Part {
  if (part === null) return null;
  return codec.format === 'text' ? codec.encode(part) : codec.encode(part).toString('base64');
}

function read<T>(codec: Codec<T>, part: Part): T | null {
  if (part === null) return null;
  return codec.format === 'text' ? codec.decode(part) : codec.decode(Buffer.from(part, 'base64'));
}

const writeHeader = ([name, value]: Headers[number]): readonly [string, Part] => [
  name,
  value === null ? null : value.toString('base64'),
];

const readHeaders = (headers: NonNullable<Parts[3]>): Headers =>
  headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value, 'base64')]);

function parse(source: string): Parts {
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new MillraceError('DECODE_FAILED', 'A record that was held back cannot be read', {
      cause,
      expected: 'the JSON of its timestamp, key, value and headers',
      found: JSON.stringify(source.slice(0, 60)),
      next: 'Let nothing but this application write to its changelog topics; reset it if its topology has changed.',
    });
  }
}
