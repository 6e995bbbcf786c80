import type { Codec } from './codec.ts';

/** Gives a primitive for each value that is equal exactly when the encoded values are. */
export function identityOf<T>(codec: Codec<T>): (value: T) => string | number {
  if (codec.identity !== undefined) return codec.identity.bind(codec);
  if (codec.format === 'text') return (value) => codec.encode(value);
  return (value) => codec.encode(value).toString('latin1');
}
