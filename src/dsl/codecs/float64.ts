import { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { BytesCodec } from './codec.ts';
import { summary } from './summary.ts';

const nan = Buffer.from('7ff8000000000000', 'hex');

/**
 * Numbers as Kafka's DoubleSerializer writes them: 8 bytes, IEEE 754, big-endian. Infinities, NaN and -0 are kept.
 * Refuses anything but a number with ENCODE_FAILED, anything but 8 bytes with DECODE_FAILED.
 *
 * @example
 * const temperatures = stream('temperatures', { key: text, value: float64 });
 */
export const float64: BytesCodec<number> = Object.freeze({
  name: 'float64',
  format: 'bytes' as const,
  encode(value: number): Buffer {
    if (typeof value !== 'number') throw notNumber(value);
    // Java writes one NaN; the engine may hold others.
    if (Number.isNaN(value)) return Buffer.from(nan);
    const target = Buffer.allocUnsafe(8);
    target.writeDoubleBE(value, 0);
    return target;
  },
  decode(source: Buffer): number {
    if (source.length !== 8) throw notEight(source);
    return source.readDoubleBE(0);
  },
  // A Map takes -0 for 0, whose bytes differ.
  identity: (value: number): string | number => (Object.is(value, -0) ? '-0' : value),
});

function notNumber(value: unknown): MillraceError {
  return new MillraceError('ENCODE_FAILED', 'The float64 codec writes numbers only', {
    expected: 'a number',
    found: summary(value),
    next: 'Give the step the codec of what it emits, or map to a number first.',
  });
}

function notEight(source: Buffer): MillraceError {
  return new MillraceError('DECODE_FAILED', 'A 64-bit float has 8 bytes', {
    expected: '8 bytes, big-endian',
    found: `${source.length} bytes`,
    next: "Use the codec of the topic's producer.",
  });
}
