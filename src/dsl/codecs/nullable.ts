import type { Codec } from './codec.ts';

/**
 * The same codec, on a source that lets records without this part through as null and types them so; a plain codec
 * refuses them (NULL_KEY, NULL_VALUE). The codec itself still never sees null: null is the absence of bytes.
 *
 * @example
 * const clicks = stream('clicks', { key: nullable(text), value: json<Click>() }); // Stream<string | null, Click>
 */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  // Copied property by property: a codec may be an instance of a class.
  const { name, format, partitionBy, identity, output } = codec;
  const copy = {
    name,
    format,
    nullable: true,
    encode: (value: T) => codec.encode(value),
    decode: (source: never) => codec.decode(source),
    ...(partitionBy && { partitionBy: (value: T) => partitionBy.call(codec, value) }),
    ...(identity && { identity: (value: T) => identity.call(codec, value) }),
    // Only sources know of it: behind them the codec is the plain one, whether the topic had nulls or not.
    output: output ?? codec,
  };
  return Object.freeze(copy) as unknown as Codec<T | null>;
}
