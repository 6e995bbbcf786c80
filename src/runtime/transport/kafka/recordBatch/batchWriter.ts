import { crc32c } from '@node-rs/crc32';
import type { Encoded } from '../../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../../dsl/message.ts';
import { attributeBits, batchLayout, lengthOverhead, writeInt64 } from './batchLayout.ts';
import { textSlack, writeAscii } from './text.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** Who writes a batch, and which of its records this is. Epoch and sequence are what the broker knows repetitions by. */
export interface BatchOrigin {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional: boolean;
}

/** Lengths of a record's parts in bytes; below zero: null. */
interface Lengths {
  key: number;
  value: number;
}

/** true: it is; false: no room under the limit; undefined: a text taken for ASCII is not. */
type Written = boolean | undefined;

/** One record batch while it is being filled: records are written in place, the header at the end. */
export class BatchWriter {
  #buffer: Buffer;
  #at: number = batchLayout.records;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  readonly #lengths: Lengths = { key: -1, value: -1 };
  /** Was the text so far ASCII, as most is? Then its length in bytes need not be counted; a wrong guess costs a rewrite. */
  #ascii = true;

  constructor(capacity = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, its header included. */
  get size(): number {
    return this.#at;
  }

  get capacity(): number {
    return this.#buffer.length;
  }

  /** false, and nothing is written, when the batch would grow over `limit` bytes. The first record is always taken. */
  append(
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    limit: number,
  ): boolean {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    }
    let written = this.#ascii ? this.#writeAscii(key, value, timestamp, headers, limit) : undefined;
    written ??= this.#writeUtf8(key, value, timestamp, headers, limit);
    if (written !== true) return false;
    this.#count++;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    return true;
  }

  /** Writes the header. The bytes are the writer's own memory: it may be reset only when they are needed no more. */
  seal(origin: BatchOrigin): Buffer {
    const buffer = this.#buffer;
    const end = this.#at;
    writeInt64(buffer, batchLayout.baseOffset, 0);
    buffer.writeInt32BE(end - lengthOverhead, batchLayout.length);
    buffer.writeInt32BE(-1, batchLayout.leaderEpoch);
    buffer[batchLayout.magic] = 2;
    buffer.writeInt16BE(origin.transactional ? attributeBits.transactional : 0, batchLayout.attributes);
    buffer.writeInt32BE(this.#count - 1, batchLayout.lastOffsetDelta);
    writeInt64(buffer, batchLayout.baseTimestamp, this.#baseTimestamp);
    writeInt64(buffer, batchLayout.maxTimestamp, this.#maxTimestamp);
    writeInt64(buffer, batchLayout.producerId, origin.producerId);
    buffer.writeInt16BE(origin.producerEpoch, batchLayout.producerEpoch);
    buffer.writeInt32BE(origin.baseSequence, batchLayout.baseSequence);
    buffer.writeInt32BE(this.#count, batchLayout.count);
    buffer.writeUInt32BE(crc32c(buffer.subarray(batchLayout.attributes, end)), batchLayout.crc);
    return buffer.subarray(0, end);
  }

  /** Empty again, with the memory it has. */
  reset(): void {
    this.#at = batchLayout.records;
    this.#count = 0;
  }

  #writeAscii(
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    limit: number,
  ): Written {
    this.#lengths.key = key === null ? -1 : key.length;
    this.#lengths.value = value === null ? -1 : value.length;
    const written = this.#write(key, value, timestamp, headers, limit, true);
    if (written === undefined) this.#ascii = false;
    return written;
  }

  #writeUtf8(
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    limit: number,
  ): Written {
    const keyLength = key === null ? -1 : byteLength(key);
    const valueLength = value === null ? -1 : byteLength(value);
    this.#lengths.key = keyLength;
    this.#lengths.value = valueLength;
    this.#ascii = keyLength === (key?.length ?? -1) && valueLength === (value?.length ?? -1);
    return this.#write(key, value, timestamp, headers, limit, false);
  }

  #write(
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
    limit: number,
    ascii: boolean,
  ): Written {
    const { key: keyLength, value: valueLength } = this.#lengths;
    const timestampDelta = timestamp - this.#baseTimestamp;
    const body =
      1 +
      varlongSize(timestampDelta) +
      varintSize(this.#count) +
      fieldSize(keyLength) +
      fieldSize(valueLength) +
      (headers.length === 0 ? 1 : headersSize(headers));
    const end = this.#at + varintSize(body) + body;
    if (end > limit && this.#count > 0) return false;
    if (end + textSlack > this.#buffer.length) this.#grow(end + textSlack);
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, body);
    buffer[at++] = 0;
    at = writeVarlong(buffer, at, timestampDelta);
    at = writeVarint(buffer, at, this.#count);
    at = writeField(buffer, at, key, keyLength, ascii);
    if (at < 0) return undefined;
    at = writeField(buffer, at, value, valueLength, ascii);
    if (at < 0) return undefined;
    if (headers.length === 0) buffer[at++] = 0;
    else at = writeHeaders(buffer, at, headers);
    this.#at = at;
    return true;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function byteLength(text: Encoded): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : text.length;
}

function fieldSize(length: number): number {
  return length < 0 ? 1 : varintSize(length) + length;
}

/** Returns the place behind the field; below zero where a text taken for ASCII is not. */
function writeField(
  buffer: Buffer,
  start: number,
  content: Encoded | null,
  length: number,
  ascii: boolean,
): number {
  const at = writeVarint(buffer, start, length);
  if (content === null) return at;
  if (typeof content !== 'string') buffer.set(content, at);
  else if (!ascii) buffer.write(content, at, length);
  else if (!writeAscii(buffer, at, content)) return -1;
  return at + length;
}

function headersSize(headers: Headers): number {
  let size = varintSize(headers.length);
  for (const [name, value] of headers) {
    size += fieldSize(Buffer.byteLength(name)) + fieldSize(value === null ? -1 : value.length);
  }
  return size;
}

function writeHeaders(buffer: Buffer, start: number, headers: Headers): number {
  let at = writeVarint(buffer, start, headers.length);
  for (const [name, value] of headers) {
    at = writeField(buffer, at, name, Buffer.byteLength(name), false);
    at = writeField(buffer, at, value, value === null ? -1 : value.length, false);
  }
  return at;
}
