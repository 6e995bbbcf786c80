import { crc32c } from '@node-rs/crc32';
import type { Encoded } from '../../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../../dsl/message.ts';
import { type Compression, compressions } from '../../compression.ts';
import { attributeBits, batchLayout, lengthOverhead, writeInt64 } from './batchLayout.ts';
import { compress } from './compression/compress.ts';
import { textSlack, writeAscii } from './text.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** Who writes a batch, and which of its records this is. Epoch and sequence are what the broker knows repetitions by. */
export interface BatchOrigin {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional: boolean;
  /** Not set: none. */
  readonly compression?: Compression | undefined;
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

  /**
   * Writes the header; compresses the records where they are smaller for it, so a limit they kept before they keep then,
   * and no reader has to decompress what is none the smaller. The bytes may be the writer's own memory: it may be reset
   * only when they are needed no more.
   */
  seal(origin: BatchOrigin): Buffer {
    const plain = this.#buffer.subarray(0, this.#at);
    const { compression = 'none' } = origin;
    const batch = compression === 'none' ? plain : compressed(plain, compression);
    const codec = batch === plain ? 0 : compressions.indexOf(compression);
    writeInt64(batch, batchLayout.baseOffset, 0);
    batch.writeInt32BE(batch.length - lengthOverhead, batchLayout.length);
    batch.writeInt32BE(-1, batchLayout.leaderEpoch);
    batch[batchLayout.magic] = 2;
    batch.writeInt16BE(
      codec | (origin.transactional ? attributeBits.transactional : 0),
      batchLayout.attributes,
    );
    batch.writeInt32BE(this.#count - 1, batchLayout.lastOffsetDelta);
    writeInt64(batch, batchLayout.baseTimestamp, this.#baseTimestamp);
    writeInt64(batch, batchLayout.maxTimestamp, this.#maxTimestamp);
    writeInt64(batch, batchLayout.producerId, origin.producerId);
    batch.writeInt16BE(origin.producerEpoch, batchLayout.producerEpoch);
    batch.writeInt32BE(origin.baseSequence, batchLayout.baseSequence);
    batch.writeInt32BE(this.#count, batchLayout.count);
    batch.writeUInt32BE(crc32c(batch.subarray(batchLayout.attributes)), batchLayout.crc);
    return batch;
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

/** The batch with its records compressed, its header still to be written; the same batch where that would not be smaller. */
function compressed(plain: Buffer, compression: Exclude<Compression, 'none'>): Buffer {
  const records = compress(compression, plain.subarray(batchLayout.records));
  if (records.length >= plain.length - batchLayout.records) return plain;
  return Buffer.concat([plain.subarray(0, batchLayout.records), records]);
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
