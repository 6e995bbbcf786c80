import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import type { Headers } from '../../src/dsl/message.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { compressions } from '../../src/runtime/transport/compression.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { brokers, javaMissing } from './brokers.ts';

const codecs = compressions.filter((name) => name !== 'none');
const base = systemClock.now();

/** Batches of all sizes: many blocks of every codec, what shrinks and what does not. */
const records = Array.from({ length: 4000 }, (_, index) => ({
  key: index % 5 === 0 ? null : index % 5 === 1 ? '' : `k${index % 50}`,
  value: content(index),
  timestamp: base + index,
  headers: (index % 100 === 0 ? [['h', Buffer.from(`${index}`)], ['h', null], ['', Buffer.alloc(0)]] : []) as Headers, // biome-ignore format: one line
}));

function content(index: number): string | null {
  if (index % 7 === 0) return index % 14 === 0 ? null : '';
  if (index % 50 === 0) return randomBytes(3000).toString('latin1');
  return `value ${index} ${'größer '.repeat(index % 40)}`;
}

describe.skipIf(javaMissing)('a producer that compresses', () => {
  let transport: Transport;

  beforeAll(async () => {
    transport = kafkaTransport({ brokers }, systemClock);
    await transport.connect();
  });
  afterAll(() => transport.close());

  async function write(topic: string, compression: (typeof codecs)[number]): Promise<void> {
    const producer = await transport.producer({ compression });
    for (const { key, value, timestamp, headers } of records) {
      producer.append(topic, 0, key, value, timestamp, headers);
    }
    await producer.close();
  }

  it.each(codecs)("with %s is read by Kafka's own consumer", async (compression) => {
    const topic = `compressed-${compression}-${process.pid}-${base.toString(36)}`;
    await transport.admin.create([{ topic, partitions: 1 }]);
    await write(topic, compression);
    const seen = await readCommitted(brokers, topic);
    expect(seen).toEqual(
      records.map(({ headers, ...record }, offset) => ({
        ...record,
        partition: 0,
        offset,
        headers: headers.map(([name, value]) => [name, value && String(value)]),
      })),
    );
    await transport.admin.delete([topic]);
  });

  it.each(codecs)('with %s sends records that are only small enough when compressed', async (compression) => {
    const topic = `large-${compression}-${process.pid}-${base.toString(36)}`;
    const config = { 'max.message.bytes': '300000' };
    await transport.admin.create([{ topic, partitions: 1, config }]);
    const producer = await transport.producer({ compression });
    producer.append(topic, 0, null, 'all of this repeats '.repeat(100_000), base, []);
    await producer.flush();
    for (let index = 0; index < 200; index++) {
      producer.append(topic, 0, null, randomBytes(7500).toString('base64'), base, []);
    }
    await producer.flush();
    expect(producer.end(topic, 0)).toBe(201);
    await producer.close();
    await transport.admin.delete([topic]);
  });
});
