import { MillraceError } from '../../errors.ts';
import type { AnyCodec } from '../node.ts';
import { summary } from './summary.ts';

/** Refuses what is not a codec. `what` says where it was given: 'key of stream()'. */
export function checkCodec(codec: unknown, what: string): void {
  const { format, encode, decode, name } = (codec ?? {}) as Partial<AnyCodec>;
  const known = format === 'text' || format === 'bytes';
  if (known && typeof encode === 'function' && typeof decode === 'function' && typeof name === 'string')
    return;
  throw new MillraceError('INVALID_ARGUMENT', `The ${what} is not a codec`, {
    expected:
      "a codec: text, bytes, int64, float64, json(), avro(), windowed(), or an object with name, format 'text' or 'bytes', encode and decode",
    found: summary(codec),
    next:
      typeof codec === 'function'
        ? `Call it: ${codec.name || 'codec'}().`
        : 'Say how keys and values are written, as in { key: text, value: json<Order>() }.',
  });
}
