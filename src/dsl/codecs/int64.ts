import { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { BytesCodec } from './codec.ts';
import { summary } from './summary.ts';

const low = 2 ** 32;

/** Reads a big-endian 64-bit integer; inexact beyond 2^53, and then never a safe integer. */
export function readInt64(source: Buffer, position: number): number {
  return source.readInt32BE(position) * low + source.readUInt32BE(position + 4);
}

/** Writes a safe integer as big-endian 64 bits. */
export function writeInt64(target: Buffer, value: number, position: number): void {
  const high = Math.floor(value / low);
  target.writeInt32BE(high, position);
  target.writeUInt32BE(value - high * low, position + 4);
}

/**
 * Integers as Kafka's LongSerializer writes them: 8 bytes, big-endian, two's complement.
 *
 * Exact or not at all: beyond ±(2^53 - 1), where numbers are no longer exact, DECODE_FAILED and ENCODE_FAILED.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), count(), to('orders-by-user', { value: int64 }));
 */
export const int64: BytesCodec<number> = Object.freeze({
  name: 'int64',
  format: 'bytes' as const,
  encode(value: number): Buffer {
    if (!Number.isSafeInteger(value)) throw notExact(value);
    const target = Buffer.allocUnsafe(8);
    writeInt64(target, value, 0);
    return target;
  },
  decode(source: Buffer): number {
    if (source.length !== 8) throw notEight(source);
    const value = readInt64(source, 0);
    if (!Number.isSafeInteger(value)) throw tooLarge(source);
    return value;
  },
  identity: (value: number): number => value,
});

function notExact(value: unknown): MillraceError {
  return new MillraceError('ENCODE_FAILED', 'The int64 codec writes exact integers only', {
    expected: 'an integer of at most 2^53 - 1 either way',
    found: summary(value),
    next: 'Round the value, or use float64, text or a codec of your own.',
  });
}

function notEight(source: Buffer): MillraceError {
  return new MillraceError('DECODE_FAILED', 'A 64-bit integer has 8 bytes', {
    expected: '8 bytes, big-endian',
    found: `${source.length} bytes`,
    next: "Use the codec of the topic's producer.",
  });
}

function tooLarge(source: Buffer): MillraceError {
  return new MillraceError('DECODE_FAILED', 'A 64-bit integer is too large for an exact number', {
    expected: 'at most 2^53 - 1 either way',
    found: `0x${source.toString('hex')}`,
    next: 'Read such values with the bytes codec, or a codec of your own that gives text or bigint.',
  });
}
