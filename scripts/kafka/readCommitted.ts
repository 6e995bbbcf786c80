import { join } from 'node:path';
import { javaLines } from './javaLines.ts';

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

export interface ReadCommittedOptions {
  /** How keys, values and header values are given: as UTF-8 text, or as base64 where they are bytes. Default 'text'. */
  readonly as?: 'text' | 'base64';
}

/**
 * Every committed record of a topic that is there now, ordered within each partition, read by Apache Kafka's own Java
 * consumer: the independent witness of what an application wrote. Records of open transactions, and what follows them
 * in their partition, are not there yet.
 */
export async function readCommitted(
  brokers: readonly string[],
  topic: string,
  options: ReadCommittedOptions = {},
): Promise<CommittedRecord[]> {
  const records: CommittedRecord[] = [];
  for await (const record of eachCommitted(brokers, topic, options)) records.push(record);
  return records;
}

/** The same one by one, for topics that are not to be held in memory. */
export async function* eachCommitted(
  brokers: readonly string[],
  topic: string,
  { as = 'text' }: ReadCommittedOptions = {},
): AsyncGenerator<CommittedRecord, void> {
  const decode = as === 'base64' ? (encoded: string | null) => encoded : textOf;
  for await (const line of javaLines(join(import.meta.dirname, 'ReadCommitted.java'), [
    brokers.join(','),
    topic,
  ])) {
    const record = JSON.parse(line) as CommittedRecord;
    yield {
      ...record,
      key: decode(record.key),
      value: decode(record.value),
      headers: record.headers.map(([name, value]) => [textOf(name)!, decode(value)]),
    };
  }
}

function textOf(encoded: string | null): string | null {
  return encoded === null ? null : Buffer.from(encoded, 'base64').toString();
}
