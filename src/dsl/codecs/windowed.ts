import type { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { WindowKey } from '../message.ts';
import { type Duration, milliseconds } from '../windows/duration.ts';
import type { BytesCodec, Codec, Encoded } from './codec.ts';
import { identityOf } from './identityOf.ts';
import { summary } from './summary.ts';
import { innerKey, timesOf, withTimes } from './windowBytes.ts';

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
      return withTimes(inner.encode(value.key), [value.start]);
    },
    decode(source: Buffer): WindowKey<K> {
      const [start] = timesOf(source, 1, length) as [number];
      return { key: innerKey(inner, source, 1), start, end: start + length };
    },
    partitionBy: (value: WindowKey<K>): Encoded => inner.partitionBy?.(value.key) ?? inner.encode(value.key),
    identity: (value: WindowKey<K>): string => `${value.start}@${identify(value.key)}`,
  });
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
