import { MillraceError } from '../../../../errors.ts';

const two32 = 0x1_0000_0000;

/** Reads Kafka's primitive types from one buffer. Bytes are handed out as views, never copied. */
export class Decoder {
  readonly buffer: Buffer;
  /** Of the next byte to be read. */
  offset: number;

  constructor(buffer: Buffer, offset = 0) {
    this.buffer = buffer;
    this.offset = offset;
  }

  get remaining(): number {
    return this.buffer.length - this.offset;
  }

  int8(): number {
    return this.buffer.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#advance(4));
  }

  /** Refuses what a number cannot hold exactly. */
  int64(): number {
    const at = this.#advance(8);
    const value = this.buffer.readInt32BE(at) * two32 + this.buffer.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) throw unreadable(`a 64-bit integer beyond 2^53 at byte ${at}`);
    return value;
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#advance(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.#advance(1)]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw unreadable('a variable-length integer of more than five bytes');
  }

  varint(): number {
    const value = this.uvarint();
    return (value >>> 1) ^ -(value & 1);
  }

  varlong(): number {
    const first = this.buffer[this.#advance(1)]!;
    let magnitude = (first & 0x7f) >>> 1;
    let scale = 64;
    let byte = first;
    while (byte >= 0x80) {
      if (scale > 2 ** 62) throw unreadable('a variable-length integer of more than ten bytes');
      byte = this.buffer[this.#advance(1)]!;
      magnitude += (byte & 0x7f) * scale;
      scale *= 128;
    }
    const value = first & 1 ? -magnitude - 1 : magnitude;
    if (!Number.isSafeInteger(value)) throw unreadable('a variable-length integer beyond 2^53');
    return value;
  }

  uuid(): Buffer {
    return this.raw(16);
  }

  string(): string {
    return this.#utf8(this.int16());
  }

  nullableString(): string | null {
    const length = this.int16();
    return length === -1 ? null : this.#utf8(length);
  }

  compactString(): string {
    return this.#utf8(this.uvarint() - 1);
  }

  compactNullableString(): string | null {
    const length = this.uvarint() - 1;
    return length === -1 ? null : this.#utf8(length);
  }

  bytes(): Buffer {
    return this.raw(this.int32());
  }

  nullableBytes(): Buffer | null {
    const length = this.int32();
    return length === -1 ? null : this.raw(length);
  }

  compactBytes(): Buffer {
    return this.raw(this.uvarint() - 1);
  }

  compactNullableBytes(): Buffer | null {
    const length = this.uvarint() - 1;
    return length === -1 ? null : this.raw(length);
  }

  /** A null array reads as an empty one. */
  array<T>(read: (decoder: Decoder) => T): T[] {
    return this.#items(this.int32(), read);
  }

  /** A null array reads as an empty one. */
  compactArray<T>(read: (decoder: Decoder) => T): T[] {
    return this.#items(this.uvarint() - 1, read);
  }

  /** Skips the tagged fields at the end of a structure in a flexible version. */
  tags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.raw(this.uvarint());
    }
  }

  /** A view of the next bytes. */
  raw(length: number): Buffer {
    if (length < 0) throw unreadable(`a length of ${length} at byte ${this.offset}`);
    const at = this.#advance(length);
    return this.buffer.subarray(at, at + length);
  }

  #utf8(length: number): string {
    if (length < 0) throw unreadable(`a length of ${length} at byte ${this.offset}`);
    const at = this.#advance(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  #items<T>(length: number, read: (decoder: Decoder) => T): T[] {
    if (length > this.remaining) throw unreadable(`an array of ${length} items in ${this.remaining} bytes`);
    const items: T[] = [];
    for (let index = 0; index < length; index++) items.push(read(this));
    return items;
  }

  #advance(bytes: number): number {
    const at = this.offset;
    if (at + bytes > this.buffer.length) {
      throw unreadable(`${bytes} bytes wanted at byte ${at} of ${this.buffer.length}`);
    }
    this.offset = at + bytes;
    return at;
  }
}

function unreadable(found: string): MillraceError {
  return new MillraceError('BROKER_REFUSED', "the broker's answer cannot be read", {
    expected: 'the Kafka protocol',
    found,
    next: 'Check that the address is that of a Kafka broker and that nothing between rewrites the traffic.',
  });
}
