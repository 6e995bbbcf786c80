import { toUSVString } from 'node:util';
import type { Encoded } from '../../../dsl/codecs/codec.ts';
import { type Headers, noHeaders } from '../../../dsl/message.ts';

/**
 * Records in columns: a producer fills one, the log keeps it and readers walk over it, with no object per record.
 * Text stays text and bytes stay bytes until somebody asks for the other form.
 */
export class Records {
  readonly keys: (Encoded | null)[] = [];
  readonly values: (Encoded | null)[] = [];
  readonly timestamps: number[] = [];
  /** undefined where none of the records has any. */
  headers: Headers[] | undefined;
  /** Distance of each record from the first offset of its batch; undefined: 0, 1, 2, ... without a gap. */
  offsets: number[] | undefined;
  /** An estimate that never needs to encode text: what limits on memory are held against. */
  bytes = 0;

  get count(): number {
    return this.timestamps.length;
  }

  push(key: Encoded | null, value: Encoded | null, timestamp: number, headers: Headers): void {
    if (headers.length > 0 || this.headers !== undefined) {
      this.headers ??= new Array<Headers>(this.count).fill(noHeaders);
      this.headers.push(headers);
    }
    this.keys.push(key);
    this.values.push(value);
    this.timestamps.push(timestamp);
    this.bytes += sizeOfRecord(key, value, headers);
  }

  offset(index: number): number {
    return this.offsets === undefined ? index : this.offsets[index]!;
  }

  /** Of the first record at or behind a distance from the batch's first offset; count where there is none. */
  indexOf(distance: number): number {
    if (distance <= 0) return 0;
    if (this.offsets === undefined) return Math.min(distance, this.count);
    const index = this.offsets.findIndex((offset) => offset >= distance);
    return index < 0 ? this.count : index;
  }

  maxTimestamp(): number {
    let max = Number.NEGATIVE_INFINITY;
    for (const timestamp of this.timestamps) if (timestamp > max) max = timestamp;
    return max;
  }
}

const recordOverhead = 8;

export function sizeOfRecord(key: Encoded | null, value: Encoded | null, headers: Headers): number {
  let bytes = recordOverhead + (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  for (const [name, content] of headers) bytes += name.length + (content === null ? 0 : content.length);
  return bytes;
}

/** As it will be read again: the caller may reuse a buffer, and text that is not well-formed becomes so, as in UTF-8. */
export function keep(part: Encoded | null): Encoded | null {
  if (part === null) return null;
  if (typeof part === 'string') return toUSVString(part);
  return Buffer.from(part);
}

export function keepHeaders(headers: Headers): Headers {
  if (headers.length === 0) return noHeaders;
  return headers.map(([name, content]) => [
    toUSVString(name),
    content === null ? null : Buffer.from(content),
  ]);
}
