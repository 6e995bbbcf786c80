import type { Buffer } from 'node:buffer';
import { MillraceError } from '../../errors.ts';
import type { WindowKey } from '../message.ts';
import type { BytesCodec, Codec, Encoded } from './codec.ts';
import { identityOf } from './identityOf.ts';
import { summary } from './summary.ts';
import { innerKey, timesOf, withTimes } from './windowBytes.ts';

/**
 * Keys of sessions as Kafka Streams' session-windowed serde writes them: the inner key's bytes, then the end and the start as
 * 8 bytes big-endian each. Records go to the partition of the inner key.
 *
 * Refuses with ENCODE_FAILED what is no window, with DECODE_FAILED bytes that hold none.
 *
 * @example
 * const visits = table('clicks-by-visit', { key: sessionWindowed(text), value: int64 }); // Table<WindowKey<string>, number>
 */
export function sessionWindowed<K>(inner: Codec<K>): BytesCodec<WindowKey<K>> {
  const identify = identityOf(inner);
  return Object.freeze({
    name: `sessionWindowed(${inner.name})`,
    format: 'bytes' as const,
    encode(value: WindowKey<K>): Buffer {
      checkSession(value);
      return withTimes(inner.encode(value.key), [value.end, value.start]);
    },
    decode(source: Buffer): WindowKey<K> {
      const [end, start] = timesOf(source, 2) as [number, number];
      return { key: innerKey(inner, source, 2), start, end };
    },
    partitionBy: (value: WindowKey<K>): Encoded => inner.partitionBy?.(value.key) ?? inner.encode(value.key),
    identity: (value: WindowKey<K>): string => `${value.start}/${value.end}@${identify(value.key)}`,
  });
}

function checkSession(value: WindowKey<unknown>): void {
  const start = value?.start;
  if (Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(value.end) && value.end >= start)
    return;
  throw new MillraceError('ENCODE_FAILED', 'A key is not that of a session', {
    expected: 'a key with start and end, from 0 on and in this order',
    found: typeof start === 'number' ? `a window from ${start} to ${value.end}` : summary(value),
    next: 'Use sessionWindowed() for the keys of sessions only.',
  });
}
