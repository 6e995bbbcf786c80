import { Buffer, isUtf8 } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { Codec, Encoded } from './codec.ts';
import { readInt64, writeInt64 } from './int64.ts';

/** The bytes of a key and behind them those of times, 8 each, big-endian. */
export function withTimes(key: Encoded, times: readonly number[]): Buffer {
  const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
  const target = Buffer.allocUnsafe(length + 8 * times.length);
  if (typeof key === 'string') target.write(key, 0, 'utf8');
  else key.copy(target);
  for (const [index, time] of times.entries()) writeInt64(target, time, length + 8 * index);
  return target;
}

/** The last `count` times of a windowed key. DECODE_FAILED on what is too short, before 1970, or out of range `reach` ms later. */
export function timesOf(source: Buffer, count: number, reach = 0): number[] {
  const split = source.length - 8 * count;
  const times =
    split < 0 ? [-1] : Array.from({ length: count }, (_, index) => readInt64(source, split + 8 * index));
  if (times.every((time) => time >= 0 && Number.isSafeInteger(time + reach))) return times;
  throw new MillraceError('DECODE_FAILED', 'A windowed key holds no window', {
    expected: `the bytes of a key and ${8 * count} bytes of window times`,
    found: `${source.length} bytes${split < 0 ? '' : ` with the times 0x${source.toString('hex', split)}`}`,
    next: "Use the codec of the topic's producer.",
  });
}

/** The key inside a windowed key that ends with `count` times. */
export function innerKey<K>(inner: Codec<K>, source: Buffer, count: number): K {
  const bytes = source.subarray(0, source.length - 8 * count);
  if (inner.format === 'bytes') return inner.decode(bytes);
  if (isUtf8(bytes)) return inner.decode(bytes.toString('utf8'));
  throw new MillraceError('DECODE_FAILED', 'The inner key of a windowed key is not text', {
    expected: 'UTF-8',
    found: `0x${bytes.toString('hex', 0, 32)}`,
    next: "Use the codec of the topic's producer.",
  });
}
