import { Buffer } from 'node:buffer';
import type { TextCodec } from '../../dsl/codecs/codec.ts';
import type { AnyCodec } from '../../dsl/node.ts';

/** Several values in one row, in the order they came: JSON of their texts, bytes as base64. */
export function valueList(value: AnyCodec): TextCodec<readonly unknown[]> {
  return Object.freeze({
    name: `list(${value.name})`,
    format: 'text' as const,
    encode: (values: readonly unknown[]) =>
      JSON.stringify(
        values.map((one) =>
          value.format === 'text' ? value.encode(one) : value.encode(one).toString('base64'),
        ),
      ),
    decode: (source: string) =>
      (JSON.parse(source) as readonly string[]).map((one) =>
        value.format === 'text' ? value.decode(one) : value.decode(Buffer.from(one, 'base64')),
      ),
  });
}
