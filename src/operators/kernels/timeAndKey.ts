import { Buffer } from 'node:buffer';
import type { AnyCodec } from '../../dsl/node.ts';

const digits = 16;

/** Text that sorts by time, then as the bytes of the key do. */
export function timeAndKey(time: number, codec: AnyCodec, key: unknown): string {
  const bytes = codec.format === 'text' ? Buffer.from(codec.encode(key)) : codec.encode(key);
  return `${String(time).padStart(digits, '0')}${bytes.toString('hex')}`;
}

/** The time in such a text. */
export const timeIn = (row: string): number => Number(row.slice(0, digits));

/** The key in such a text. */
export function keyIn(row: string, codec: AnyCodec): unknown {
  const bytes = Buffer.from(row.slice(digits), 'hex');
  return codec.format === 'text' ? codec.decode(bytes.toString()) : codec.decode(bytes);
}
