/**
 * Reads and writes keys or values. A codec sees neither null nor undefined: a missing key and a tombstone never reach it.
 *
 * `format` says what the codec is at home in. A 'text' codec is handed a string decoded from UTF-8 and gives a string
 * back, which is written into the outgoing batch in place and into SQLite as TEXT: no Buffer per record. A 'bytes' codec
 * is handed exactly its bytes. They are only valid during the call: copy what you keep.
 *
 * `decode` throws on input it cannot read; the runtime adds topic, partition, offset and applies the source's policy.
 */
export type Codec<T> = TextCodec<T> | BytesCodec<T>;

interface CodecBase<T> {
  /** Goes into error messages and into the fingerprint that guards stored state: change it when the bytes change. */
  readonly name: string;
  /** Present on codecs made by `nullable`: records without this part are let through as null. */
  readonly nullable?: true;
  /** The bytes (or text) that choose the partition, where these are not the whole: a windowed key goes by its inner key. */
  readonly partitionBy?: (value: T) => Encoded;
  /** A primitive that stands for the value in a Map. Default: what `encode` gives, bytes as Latin-1. */
  readonly identity?: (value: T) => string | number;
  /** Present on codecs that only sources read with (older schemas, nullable): what everything behind them writes and reads with. */
  readonly output?: Codec<T>;
}

export interface TextCodec<T> extends CodecBase<T> {
  readonly format: 'text';
  encode(value: T): string;
  decode(text: string): T;
}

export interface BytesCodec<T> extends CodecBase<T> {
  readonly format: 'bytes';
  encode(value: T): Buffer;
  decode(bytes: Buffer): T;
}

/** A key or value on its way out: bytes, or text to be written as UTF-8. */
export type Encoded = Buffer | string;
