import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { javaLines } from '../../scripts/kafka/javaLines.ts';
import { type CommittedRecord, eachCommitted, readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { brokers, javaMissing } from './brokers.ts';

describe.skipIf(javaMissing)('readCommitted', () => {
  const topic = `read-committed-${process.pid}-${Date.now()}`;
  let records: CommittedRecord[];

  beforeAll(async () => {
    const writer = join(import.meta.dirname, 'WriteTransactions.java');
    for await (const line of javaLines(writer, [brokers.join(','), topic])) throw new Error(line);
    records = await readCommitted(brokers, topic);
  });

  it('gives what was committed, in order, with the offsets that aborted records and markers leave free', () => {
    expect(records.filter((record) => record.partition === 0)).toEqual([
      { partition: 0, offset: 0, timestamp: 1000, key: 'a', value: 'committed "1"', headers: [] },
      {
        partition: 0,
        offset: 4,
        timestamp: 1003,
        key: 'a',
        value: null,
        headers: [
          ['traceid', 'é'],
          ['nothing', null],
        ],
      },
      { partition: 0, offset: 5, timestamp: 1004, key: null, value: '\ufffd\0', headers: [] },
    ]);
  });

  it('leaves out what is in an open transaction', () => {
    expect(records.filter((record) => record.partition === 1)).toEqual([
      { partition: 1, offset: 0, timestamp: 1001, key: 'b', value: 'committed 2', headers: [] },
    ]);
  });

  it('gives bytes that are no text as base64', async () => {
    const encoded = await readCommitted(brokers, topic, { as: 'base64' });
    expect(encoded.find((record) => record.timestamp === 1004)).toMatchObject({ key: null, value: '/wA=' });
  });

  it('lets a reader stop early', async () => {
    for await (const record of eachCommitted(brokers, topic)) {
      expect(record.headers).toBeDefined();
      break;
    }
  });

  it('fails on a topic that does not exist', async () => {
    await expect(readCommitted(brokers, `${topic}-none`)).rejects.toThrow(`${topic}-none`);
  });
});
