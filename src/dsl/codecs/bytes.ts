import { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { BytesCodec } from './codec.ts';
import { summary } from './summary.ts';

/**
 * Bytes as they are, each value a Buffer of its own that may be kept. Also writes Uint8Arrays, of which Buffer is one.
 * Refuses everything else with ENCODE_FAILED.
 *
 * @example
 * const images = stream('images', { key: text, value: bytes });
 */
export const bytes: BytesCodec<Buffer> = Object.freeze({
  name: 'bytes',
  format: 'bytes' as const,
  encode(value: Buffer): Buffer {
    if (Buffer.isBuffer(value)) return value;
    return fromUint8Array(value);
  },
  decode: (value: Buffer): Buffer => Buffer.from(value),
});

function fromUint8Array(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new MillraceError('ENCODE_FAILED', 'The bytes codec writes bytes only', {
    expected: 'a Buffer or Uint8Array',
    found: summary(value),
    next: 'Give the step the codec of what it emits, or map to a Buffer first.',
  });
}
