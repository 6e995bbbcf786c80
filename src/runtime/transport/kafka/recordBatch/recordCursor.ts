import { type Header, type Headers, noHeaders } from '../../../../dsl/message.ts';
import { MillraceError } from '../../../../errors.ts';
import type { Batch } from '../../transport.ts';
import { type BatchHeader, beyondNumbers, corrupt } from './batchHeader.ts';
import { attributeBits } from './batchLayout.ts';
import { readText } from './text.ts';

/** What a cursor needs of the batch it walks over: `records` holds the records, decompressed, and may hold more behind `end`. */
export interface CursorSource {
  readonly topic: string;
  readonly partition: number;
  readonly header: BatchHeader;
  readonly records: Buffer;
  readonly start: number;
  readonly end: number;
  /** Records below this offset were asked for by nobody: a fetch from the middle of a batch gets all of it. */
  readonly from: number;
  readonly nextOffset: number;
}

/** Length, attributes, two deltas, key, value and headers: a byte each. */
const smallestRecord = 7;

/** The records of one batch, read where they stand: `next` looks at lengths only, fields are decoded when asked for. */
export class RecordCursor implements Batch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
  readonly nextOffset: number;
  remaining: number;
  offset: number;
  timestamp: number;
  readonly producerId: number;
  readonly #records: Buffer;
  readonly #end: number;
  readonly #baseOffset: number;
  readonly #lastOffset: number;
  readonly #baseTimestamp: number;
  /** The broker's own time for the whole batch, where the topic says so; else undefined. */
  readonly #appendTime: number | undefined;
  /** Where the varint that is being read stands, and behind it the record. */
  #at: number;
  #recordEnd: number;
  #keyStart = 0;
  /** Below zero: null. */
  #keyLength = -1;
  #valueStart = 0;
  #valueLength = -1;
  #headersStart = 0;

  constructor(source: CursorSource) {
    const { header } = source;
    this.topic = source.topic;
    this.partition = source.partition;
    this.bytes = source.end - source.start;
    this.nextOffset = source.nextOffset;
    this.remaining = header.count;
    this.offset = header.baseOffset - 1;
    this.timestamp = header.baseTimestamp;
    this.producerId = header.producerId;
    this.#records = source.records;
    this.#end = source.end;
    this.#baseOffset = header.baseOffset;
    this.#lastOffset = header.nextOffset - 1;
    this.#baseTimestamp = header.baseTimestamp;
    this.#appendTime = header.attributes & attributeBits.logAppendTime ? header.maxTimestamp : undefined;
    this.#at = source.start;
    this.#recordEnd = source.start;
    if (header.count * smallestRecord > this.bytes) {
      throw this.#corrupt(`${header.count} records`, `${this.bytes} bytes`);
    }
    if (source.from > header.baseOffset) this.#skipTo(source.from);
  }

  next(): boolean {
    if (this.remaining === 0) {
      if (this.#recordEnd !== this.#end) throw this.#corrupt('nothing behind the last record', 'more bytes');
      return false;
    }
    this.#read();
    this.remaining--;
    return true;
  }

  keyText(): string | null {
    return this.#keyLength < 0 ? null : this.#text(this.#keyStart, this.#keyLength, 'key');
  }

  keyBytes(): Buffer | null {
    if (this.#keyLength < 0) return null;
    return this.#records.subarray(this.#keyStart, this.#keyStart + this.#keyLength);
  }

  valueText(): string | null {
    return this.#valueLength < 0 ? null : this.#text(this.#valueStart, this.#valueLength, 'value');
  }

  valueBytes(): Buffer | null {
    if (this.#valueLength < 0) return null;
    return this.#records.subarray(this.#valueStart, this.#valueStart + this.#valueLength);
  }

  headers(): Headers {
    this.#at = this.#headersStart;
    const count = this.#varint();
    if (count === 0) return noHeaders;
    if (count < 0) throw this.#corrupt('a number of headers', `${count}`);
    const headers: Header[] = [];
    for (let index = 0; index < count; index++) {
      const name = this.#field(this.#varint());
      if (name === null) throw this.#corrupt('a header with a name', 'one without');
      const value = this.#field(this.#varint());
      headers.push([name.toString('utf8'), value]);
    }
    if (this.#at !== this.#recordEnd) throw this.#corrupt('headers that end with their record', 'more bytes');
    return headers;
  }

  #read(): void {
    this.#at = this.#recordEnd;
    const length = this.#varint();
    const recordEnd = this.#at + length;
    if (length < 0 || recordEnd > this.#end) {
      throw this.#corrupt(`a record within ${this.#end - this.#at} bytes`, `a length of ${length}`);
    }
    this.#recordEnd = recordEnd;
    this.#at++; // the record's attributes: none are defined
    const timestampDelta = this.#varlong();
    const offset = this.#baseOffset + this.#varint();
    this.#keyLength = this.#varint();
    this.#keyStart = this.#at;
    if (this.#keyLength > 0) this.#at += this.#keyLength;
    this.#valueLength = this.#varint();
    this.#valueStart = this.#at;
    if (this.#valueLength > 0) this.#at += this.#valueLength;
    this.#headersStart = this.#at;
    if (this.#at >= recordEnd)
      throw this.#corrupt('fields that end with their record', 'fields that go beyond it');
    if (offset <= this.offset || offset > this.#lastOffset) {
      throw this.#corrupt(`an offset above ${this.offset}, up to ${this.#lastOffset}`, `${offset}`);
    }
    const timestamp = this.#appendTime ?? this.#baseTimestamp + timestampDelta;
    if (!Number.isSafeInteger(timestamp)) throw beyondNumbers(this, offset, 'timestamp', timestamp);
    this.offset = offset;
    this.timestamp = timestamp;
  }

  #skipTo(offset: number): void {
    while (this.remaining > 0) {
      const before = this.#recordEnd;
      const last = this.offset;
      this.#read();
      if (this.offset >= offset) {
        this.#recordEnd = before;
        this.offset = last;
        return;
      }
      this.remaining--;
    }
  }

  #text(start: number, length: number, part: 'key' | 'value'): string {
    const text = readText(this.#records, start, start + length);
    if (text !== undefined) return text;
    throw new MillraceError('DECODE_FAILED', `the ${part} is not text`, {
      topic: this.topic,
      partition: this.partition,
      offset: this.offset,
      expected: 'well-formed UTF-8',
      found: `${length} bytes that are not`,
      next: `Read the topic with a codec that takes bytes, or correct what writes the ${part}.`,
    });
  }

  /** A part of a header: its length has been read. */
  #field(length: number): Buffer | null {
    if (length < 0) return null;
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#recordEnd)
      throw this.#corrupt('headers that end with their record', `${length} bytes more`);
    return this.#records.subarray(start, this.#at);
  }

  #varint(): number {
    const byte = this.#records[this.#at++]!;
    return byte < 0x80 ? (byte >>> 1) ^ -(byte & 1) : this.#longVarint(byte);
  }

  #longVarint(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#records[this.#at++];
      if (byte === undefined) throw this.#corrupt('a number', 'the end of the batch');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw this.#corrupt('a number of at most 5 bytes', 'a longer one');
  }

  #varlong(): number {
    const first = this.#records[this.#at++]!;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let magnitude = (first & 0x7f) >>> 1;
    let scale = 64;
    for (let count = 1; count < 10; count++) {
      const byte = this.#records[this.#at++];
      if (byte === undefined) throw this.#corrupt('a number', 'the end of the batch');
      magnitude += (byte & 0x7f) * scale;
      if (byte < 0x80) return first & 1 ? -magnitude - 1 : magnitude;
      scale *= 128;
    }
    throw this.#corrupt('a number of at most 10 bytes', 'a longer one');
  }

  #corrupt(expected: string, found: string): MillraceError {
    return corrupt(this, this.offset + 1, expected, found);
  }
}
