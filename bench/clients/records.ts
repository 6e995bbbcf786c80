import { partitionOf } from '../../src/runtime/transport/murmur2.ts';

export const partitions = 8;
const keys = 10_000;
const distinct = 100_000;
const base = Date.UTC(2026, 0, 1);

/** One record in every form an engine may want it in, made before anything is measured. */
export interface BenchRecord {
  readonly key: string;
  readonly value: string;
  readonly keyBytes: Buffer;
  readonly valueBytes: Buffer;
  /** murmur2 of the key, as every client's default partitioner has it. */
  readonly partition: number;
  readonly timestamp: number;
}

/** 100,000 records with JSON values of 91 to 96 bytes and 10,000 keys; longer runs go over them again. */
export function benchRecords(): readonly BenchRecord[] {
  return Array.from({ length: distinct }, (_, index) => {
    const key = `user-${String((index * 7919) % keys).padStart(5, '0')}`;
    const id = String(index).padStart(7, '0');
    const value = JSON.stringify({
      id,
      user: key,
      amount: ((index * 37) % 10_000) / 100,
      item: `sku-${index % 1000}`,
      note: 'standard delivery',
    });
    const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)];
    return {
      // From bytes, so that no string is a rope that is flattened while it is measured.
      key: keyBytes.toString(),
      value: valueBytes.toString(),
      keyBytes,
      valueBytes,
      partition: partitionOf(keyBytes, partitions),
      timestamp: base + index,
    };
  });
}

/** Where the digits of a value's id stand: `{"id":"0001234",...`. */
const idAt = 7;
const zero = 48;

/** What a reader must arrive at: a number of records, and a sum over their ids, keys and lengths. */
export class Tally {
  count = 0;
  checksum = 0;

  add(key: string | Buffer | null, value: string | Buffer | null): void {
    if (typeof key === 'string' && typeof value === 'string') this.addText(key, value);
    else this.addBytes(key as Buffer, value as Buffer);
  }

  addText(key: string, value: string): void {
    let id = 0;
    for (let at = idAt; at < idAt + 7; at++) id = id * 10 + value.charCodeAt(at) - zero;
    this.count++;
    this.checksum += id + value.length + key.charCodeAt(key.length - 1);
  }

  addBytes(key: Buffer, value: Buffer): void {
    let id = 0;
    for (let at = idAt; at < idAt + 7; at++) id = id * 10 + value[at]! - zero;
    this.count++;
    this.checksum += id + value.length + key[key.length - 1]!;
  }
}
