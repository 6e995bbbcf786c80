import type { Encoded, StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';

type Keyed = Pick<StoreSpec, 'kind' | 'key'>;

/** A row's key in the changelog: the key itself; of a window store the bytes of the key and 8 of the start, big-endian. */
export function changelogKey(spec: Keyed, key: Encoded, start: number): Encoded {
  if (spec.kind === 'keyValue') return key;
  const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
  const bytes = Buffer.allocUnsafe(length + 8);
  if (typeof key === 'string') bytes.write(key);
  else key.copy(bytes);
  // Two 32-bit halves, the upper one signed, as no BigInt is wanted per record.
  bytes.writeInt32BE(Math.floor(start / 2 ** 32), length);
  bytes.writeUInt32BE(start - Math.floor(start / 2 ** 32) * 2 ** 32, length + 4);
  return bytes;
}

export interface RowKey {
  /** Text where the store's keys are text. */
  readonly key: Encoded;
  readonly start: number;
}

/** Takes a changelog key apart. The bytes are copied: the record they came in need not be kept. */
export function parseChangelogKey(spec: Keyed, changelogKey: Encoded): RowKey {
  if (spec.kind === 'keyValue') return { key: toFormat(spec.key.format, changelogKey), start: 0 };
  const bytes = typeof changelogKey === 'string' ? Buffer.from(changelogKey) : changelogKey;
  const end = bytes.length - 8;
  if (end < 0) {
    throw new MillraceError(
      'DECODE_FAILED',
      'a record of the changelog does not have the key of a window store',
      {
        expected: 'a key and 8 bytes of window start',
        found: `${bytes.length} bytes`,
        next: 'Find out what else writes to the changelog topic; then reset the application to build its state anew.',
      },
    );
  }
  const start = bytes.readInt32BE(end) * 2 ** 32 + bytes.readUInt32BE(end + 4);
  return { key: toFormat(spec.key.format, bytes, end), start };
}

/** The first bytes of something from the changelog as a table takes them: text as a string, bytes as a copy. */
export function toFormat(format: 'text' | 'bytes', encoded: Encoded, end: number = encoded.length): Encoded {
  if (format === 'text') return typeof encoded === 'string' ? encoded : encoded.toString('utf8', 0, end);
  return Buffer.from(typeof encoded === 'string' ? encoded : encoded.subarray(0, end));
}
