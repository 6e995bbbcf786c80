import { Buffer, isUtf8 } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { WindowKey } from '../message.ts';
import { type Duration, milliseconds } from '../windows/duration.ts';
import type { BytesCodec, Codec, Encoded } from './codec.ts';
import { identityOf } from './identityOf.ts';
import { readInt64, writeInt64 } from './int64.ts';
import { summary } from './summary.ts';

/**
 * Keys of windows of one size as Kafka Streams' time-windowed serde writes them: the inner key's bytes, then the start as
 * 8 bytes big-endian. The end is not written: it is the start plus `size`. Records go to the partition of the inner key.
 *
 * Refuses with ENCODE_FAILED windows of another size or with a negative start, with DECODE_FAILED bytes that hold no window.
 *
 * @example
 * const counts = table('counts-per-minute', { key: windowed(text, '1m'), value: int64 }); // Table<WindowKey<string>, number>
 */
export function windowed<K>(inner: Codec<K>, size: Duration): BytesCodec<WindowKey<K>> {
  const length = milliseconds(size, 'size of windowed()');
  if (length === 0) throw zeroSize();
  const identify = identityOf(inner);
  return Object.freeze({
    name: `windowed(${inner.name}, ${length}ms)`,
    format: 'bytes' as const,
    encode(value: WindowKey<K>): Buffer {
      checkWindow(value, length);
      return append(inner.encode(value.key), value.start);
    },
    decode(source: Buffer): WindowKey<K> {
      const split = source.length - 8;
      const start = split < 0 ? -1 : readInt64(source, split);
      if (start < 0 || !Number.isSafeInteger(start + length)) throw noWindow(source);
      return { key: decodeInner(inner, source.subarray(0, split)), start, end: start + length };
    },
    partitionBy: (value: WindowKey<K>): Encoded => inner.partitionBy?.(value.key) ?? inner.encode(value.key),
    identity: (value: WindowKey<K>): string => `${value.start}@${identify(value.key)}`,
  });
}

function append(key: Encoded, start: number): Buffer {
  const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
  const target = Buffer.allocUnsafe(length + 8);
  if (typeof key === 'string') target.write(key, 0, 'utf8');
  else key.copy(target);
  writeInt64(target, start, length);
  return target;
}

function decodeInner<K>(inner: Codec<K>, source: Buffer): K {
  if (inner.format === 'bytes') return inner.decode(source);
  if (!isUtf8(source)) throw notUtf8(source);
  return inner.decode(source.toString('utf8'));
}

function checkWindow(value: WindowKey<unknown>, size: number): void {
  const start = value?.start;
  if (Number.isSafeInteger(start) && start >= 0 && value.end === start + size) return;
  throw new MillraceError('ENCODE_FAILED', 'A windowed key does not fit its codec', {
    expected: `a key with start and end, ${size} ms apart, from 0 on`,
    found: typeof start === 'number' ? `a window from ${start} to ${value.end}` : summary(value),
    next: 'Give windowed() the size of the windows that are written with it.',
  });
}

function zeroSize(): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', 'The size of windowed() is zero', {
    expected: 'a size of at least 1 ms',
    found: '0',
    next: 'Give the size of the windows whose keys are read or written.',
  });
}

function noWindow(source: Buffer): MillraceError {
  return new MillraceError('DECODE_FAILED', 'A windowed key holds no window', {
    expected: 'the bytes of a key and 8 bytes of window start',
    found: `${source.length} bytes${source.length < 8 ? '' : ` with the start 0x${source.toString('hex', source.length - 8)}`}`,
    next: "Use the codec of the topic's producer.",
  });
}

function notUtf8(source: Buffer): MillraceError {
  return new MillraceError('DECODE_FAILED', 'The inner key of a windowed key is not text', {
    expected: 'UTF-8',
    found: `0x${source.toString('hex', 0, 32)}`,
    next: "Use the codec of the topic's producer.",
  });
}
