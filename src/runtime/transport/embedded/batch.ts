import { isUtf8 } from 'node:buffer';
import type { Encoded } from '../../../dsl/codecs/codec.ts';
import { type Headers, noHeaders } from '../../../dsl/message.ts';
import { MillraceError } from '../../../errors.ts';
import type { Batch, TopicPartition } from '../transport.ts';
import { keepHeaders, Records } from './records.ts';

/** A run of records that stand in one batch of the log. */
export interface Part {
  readonly baseOffset: number;
  readonly producerId: number;
  readonly records: Records;
  /** Index of the first record that is shown. */
  readonly from: number;
}

const nothing = new Records();

/** A cursor over batches of the log as they are kept: nothing is copied until it is asked for. */
export class EmbeddedBatch implements Batch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
  readonly nextOffset: number;
  remaining = 0;
  producerId = -1;
  readonly #parts: readonly Part[];
  #part = -1;
  #records = nothing;
  #baseOffset = 0;
  #index = -1;

  constructor({ topic, partition }: TopicPartition, parts: readonly Part[], nextOffset: number) {
    this.topic = topic;
    this.partition = partition;
    this.nextOffset = nextOffset;
    this.#parts = parts;
    let bytes = 0;
    for (const { records, from } of parts) {
      this.remaining += records.count - from;
      bytes += records.bytes;
    }
    this.bytes = bytes;
  }

  next(): boolean {
    if (this.remaining === 0) return false;
    this.remaining--;
    if (++this.#index < this.#records.count) return true;
    const part = this.#parts[++this.#part]!;
    this.#records = part.records;
    this.#baseOffset = part.baseOffset;
    this.producerId = part.producerId;
    this.#index = part.from;
    return true;
  }

  get offset(): number {
    return this.#baseOffset + this.#records.offset(this.#index);
  }

  get timestamp(): number {
    return this.#records.timestamps[this.#index]!;
  }

  keyText(): string | null {
    const key = this.#records.keys[this.#index]!;
    return typeof key === 'string' || key === null ? key : this.#text('key', key);
  }

  valueText(): string | null {
    const value = this.#records.values[this.#index]!;
    return typeof value === 'string' || value === null ? value : this.#text('value', value);
  }

  keyBytes(): Buffer | null {
    return bytesOf(this.#records.keys[this.#index]!);
  }

  valueBytes(): Buffer | null {
    return bytesOf(this.#records.values[this.#index]!);
  }

  headers(): Headers {
    const all = this.#records.headers;
    return all === undefined ? noHeaders : keepHeaders(all[this.#index]!);
  }

  #text(part: 'key' | 'value', bytes: Buffer): string {
    if (isUtf8(bytes)) return bytes.toString('utf8');
    throw new MillraceError('DECODE_FAILED', `the ${part} is not text`, {
      topic: this.topic,
      partition: this.partition,
      offset: this.offset,
      expected: 'well-formed UTF-8',
      found: `${bytes.length} bytes, ${bytes.subarray(0, 16).toString('hex')}${bytes.length > 16 ? '...' : ''}`,
      next: 'Read the topic with the codec it was written with.',
    });
  }
}

/** A copy: whoever changes it does not change the log. */
function bytesOf(part: Encoded | null): Buffer | null {
  if (part === null) return null;
  return typeof part === 'string' ? Buffer.from(part, 'utf8') : Buffer.from(part);
}
