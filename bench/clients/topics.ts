import { noHeaders } from '../../src/dsl/message.ts';
import type { Producer, Transport } from '../../src/runtime/transport/transport.ts';
import { benchRecords, partitions, Tally } from './records.ts';

/** Records per partition and batch: what a busy producer with a small linger makes of them. */
const perBatch = 1000;
/** Of so many transactions one is aborted. */
const abortEvery = 10;

export async function createTopic(transport: Transport, topic: string): Promise<void> {
  await transport.admin.create([{ topic, partitions, config: { 'retention.ms': '-1' } }]);
}

/** Fills a topic for the consumers; answers with what must come out of it. */
export async function fill(transport: Transport, topic: string, count: number): Promise<Tally> {
  await createTopic(transport, topic);
  const producer = await transport.producer({});
  const pool = benchRecords();
  const tally = new Tally();
  for (let at = 0; at < count; at++) {
    const { key, value, partition, timestamp } = pool[at % pool.length]!;
    producer.append(topic, partition, key, value, timestamp, noHeaders);
    tally.addText(key, value);
    if ((at + 1) % (perBatch * partitions) === 0) await producer.flush();
  }
  await producer.close();
  return tally;
}

/** The same in transactions, with aborted ones between them that nobody may see. */
export async function fillCommitted(transport: Transport, topic: string, count: number): Promise<Tally> {
  await createTopic(transport, topic);
  const transactionalId = `${topic}-writer`;
  const pool = benchRecords();
  const tally = new Tally();
  let producer = await transport.producer({ transactionalId });
  for (let at = 0, transaction = 1; at < count; transaction++) {
    const size = Math.min(perBatch * partitions, count - at);
    const records = Array.from({ length: size }, (_, index) => pool[(at + index) % pool.length]!);
    append(producer, topic, records);
    if (transaction % abortEvery === 0) {
      await producer.flush();
      await producer.abort();
      producer = await transport.producer({ transactionalId });
      continue;
    }
    await producer.commit(undefined);
    for (const { key, value } of records) tally.addText(key, value);
    at += size;
  }
  await producer.close();
  return tally;
}

function append(producer: Producer, topic: string, records: ReturnType<typeof benchRecords>): void {
  for (const { key, value, partition, timestamp } of records) {
    producer.append(topic, partition, key, value, timestamp, noHeaders);
  }
}

/** What a producer under test has left in its topic. */
export async function readBack(transport: Transport, topic: string): Promise<Tally> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const ends = await transport.admin.endOffsets(all, 'uncommitted');
  const reader = transport.reader({ isolation: 'uncommitted', maxBytes: 64 << 20 });
  reader.assign(all.map((partition) => ({ ...partition, offset: 0 })));
  const tally = new Tally();
  while (all.some((partition, index) => reader.position(partition) < ends[index]!)) {
    for (const batch of await reader.poll(1000)) {
      while (batch.next()) tally.add(batch.keyBytes(), batch.valueBytes());
    }
  }
  await reader.close();
  return tally;
}

/** What a producer must leave there: the pool, over and over. */
export function expectedOf(count: number): Tally {
  const pool = benchRecords();
  const tally = new Tally();
  for (let at = 0; at < count; at++)
    tally.addText(pool[at % pool.length]!.key, pool[at % pool.length]!.value);
  return tally;
}
