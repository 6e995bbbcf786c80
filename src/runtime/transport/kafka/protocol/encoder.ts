import { MillraceError } from '../../../../errors.ts';

/** From here on a buffer goes into the request as it is, without a copy. */
const byReference = 1024;
const two32 = 0x1_0000_0000;

/**
 * Writes the body of a request: Kafka's primitive types, big-endian, in call order. Large buffers are kept by reference,
 * so their owner must leave them alone until the request is answered.
 */
export class Encoder {
  #buffer: Buffer;
  #used = 0;
  /** Where the part of #buffer begins that is not in #chunks yet. */
  #start = 0;
  readonly #chunks: Buffer[] = [];
  #inChunks = 0;

  constructor(capacity = 512) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get size(): number {
    return this.#inChunks + this.#used - this.#start;
  }

  /** What was written, in order. The encoder may not be used afterwards. */
  chunks(): readonly Buffer[] {
    this.#seal();
    return this.#chunks;
  }

  /** What was written as one buffer. */
  toBuffer(): Buffer {
    const chunks = this.chunks();
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#inChunks);
  }

  int8(value: number): this {
    const at = this.#claim(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#claim(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#claim(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#claim(4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  /** Exact for safe integers; anything else is refused. */
  int64(value: number): this {
    if (!Number.isSafeInteger(value)) throw notExact(value);
    const at = this.#claim(8);
    this.#buffer.writeInt32BE(Math.floor(value / two32), at);
    this.#buffer.writeUInt32BE(value >>> 0, at + 4);
    return this;
  }

  float64(value: number): this {
    const at = this.#claim(8);
    this.#buffer.writeDoubleBE(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  /** Unsigned, seven bits per byte, 0 to 2^32 - 1. */
  uvarint(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.#byte(rest);
  }

  /** Zigzag, 32 bits. */
  varint(value: number): this {
    return this.uvarint((value << 1) ^ (value >> 31));
  }

  /** Zigzag, 64 bits on the wire; exact for safe integers. */
  varlong(value: number): this {
    if (!Number.isSafeInteger(value)) throw notExact(value);
    let rest = value < 0 ? -(value + 1) : value;
    // The zigzag of 2^53 does not fit a number, so its lowest bit is written apart from the rest.
    const sign = value < 0 ? 1 : 0;
    let byte = ((rest % 64) << 1) | sign;
    rest = Math.floor(rest / 64);
    while (rest > 0) {
      this.#byte(byte | 0x80);
      byte = rest % 128;
      rest = Math.floor(rest / 128);
    }
    return this.#byte(byte);
  }

  uuid(value: Buffer): this {
    if (value.length !== 16)
      throw new MillraceError('INTERNAL', `a uuid of ${value.length} bytes`, { next: 'Report it.' });
    return this.raw(value);
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    if (length > 0x7fff) throw tooLong(length);
    return this.int16(length).#utf8(value, length);
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    return this.uvarint(length + 1).#utf8(value, length);
  }

  compactNullableString(value: string | null): this {
    return value === null ? this.uvarint(0) : this.compactString(value);
  }

  bytes(value: Buffer): this {
    return this.int32(value.length).raw(value);
  }

  nullableBytes(value: Buffer | null): this {
    return value === null ? this.int32(-1) : this.bytes(value);
  }

  compactBytes(value: Buffer): this {
    return this.uvarint(value.length + 1).raw(value);
  }

  compactNullableBytes(value: Buffer | null): this {
    return value === null ? this.uvarint(0) : this.compactBytes(value);
  }

  array<T>(items: readonly T[], write: (item: T, encoder: Encoder) => void): this {
    this.int32(items.length);
    for (const item of items) write(item, this);
    return this;
  }

  compactArray<T>(items: readonly T[], write: (item: T, encoder: Encoder) => void): this {
    this.uvarint(items.length + 1);
    for (const item of items) write(item, this);
    return this;
  }

  /** The end of a structure in a flexible version: no tagged fields. */
  noTags(): this {
    return this.int8(0);
  }

  /** Bytes without a length before them. */
  raw(value: Buffer): this {
    if (value.length < byReference) {
      const at = this.#claim(value.length);
      value.copy(this.#buffer, at);
      return this;
    }
    this.#seal();
    this.#chunks.push(value);
    this.#inChunks += value.length;
    return this;
  }

  #byte(value: number): this {
    const at = this.#claim(1);
    this.#buffer[at] = value;
    return this;
  }

  #utf8(value: string, length: number): this {
    const at = this.#claim(length);
    this.#buffer.write(value, at, length);
    return this;
  }

  /** Makes room; may replace #buffer, so it comes before any use of it. */
  #claim(bytes: number): number {
    const at = this.#used;
    if (at + bytes <= this.#buffer.length) {
      this.#used = at + bytes;
      return at;
    }
    this.#seal();
    this.#buffer = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, bytes));
    this.#start = 0;
    this.#used = bytes;
    return 0;
  }

  #seal(): void {
    if (this.#used === this.#start) return;
    this.#chunks.push(this.#buffer.subarray(this.#start, this.#used));
    this.#inChunks += this.#used - this.#start;
    this.#start = this.#used;
  }
}

function notExact(value: number): MillraceError {
  return new MillraceError('INTERNAL', `${value} cannot be written as a 64-bit integer`, {
    expected: 'a safe integer',
    next: 'Report it with the stack.',
  });
}

function tooLong(length: number): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `a string of ${length} bytes does not fit a request`, {
    expected: 'at most 32767 bytes',
    next: 'Use a shorter name.',
  });
}
