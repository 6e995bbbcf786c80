import { readFileSync } from 'node:fs';
import { Consumer, FetchIsolationLevels, Producer } from '@platformatic/kafka';

/** @import { ConsumeOptions, EngineOptions, Sender } from '../engine.ts' */
/* Buffers with their partition given; `stream` is the consumer everybody uses, `fetch` its fastest way, without a group. */
const manifest = new URL('../package.json', import.meta.resolve('@platformatic/kafka'));
export const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
export const variants = {
  produce: ['send'],
  consume: ['stream', 'fetch'],
  'consume-committed': ['stream'], // fetch leaves the filtering of aborted records to its caller
};

const maxBytes = 4 << 20;

/** @param {EngineOptions} options @returns {Promise<Sender>} */
export async function produce({ brokers, topic }) {
  const producer = new Producer({
    clientId: 'platformatic-bench',
    bootstrapBrokers: brokers,
    idempotent: true,
  });
  return {
    prepare: ({ keyBytes, valueBytes, partition, timestamp }) => ({
      topic,
      key: keyBytes,
      value: valueBytes,
      partition,
      timestamp: BigInt(timestamp),
    }),
    send: async (messages) => void (await producer.send({ messages, acks: -1 })),
    flush: async () => {},
    close: () => producer.close(),
  };
}

/** @param {ConsumeOptions} options */
export async function consume(options) {
  const consumer = new Consumer({
    groupId: `platformatic-bench-${process.pid}-${Date.now()}`,
    clientId: 'platformatic-bench',
    bootstrapBrokers: options.brokers,
    autocommit: false,
    maxWaitTime: 100,
    maxBytes,
    highWaterMark: 20_000,
    isolationLevel: options.committed
      ? FetchIsolationLevels.READ_COMMITTED
      : FetchIsolationLevels.READ_UNCOMMITTED,
  });
  return options.variant === 'stream' ? consumeStream(consumer, options) : consumeFetch(consumer, options);
}

async function consumeStream(consumer, { topic, seen }) {
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
  stream.on('data', ({ key, value }) => seen(key, value));
  return {
    async close() {
      await stream.close();
      await consumer.close(true);
    },
  };
}

async function consumeFetch(consumer, { topic, partitions, seen }) {
  consumer.topics.trackAll(topic);
  const metadata = await consumer.metadata({ topics: [topic] });
  const { id, partitions: leaders } = metadata.topics.get(topic);
  const byNode = Map.groupBy(
    Array.from({ length: partitions }).keys(),
    (partition) => leaders[partition].leader,
  );
  let closed = false;
  const loops = [...byNode].map(async ([node, own]) => {
    const wanted = own.map((partition) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: 0n,
      lastFetchedEpoch: -1,
      partitionMaxBytes: maxBytes,
    }));
    const topics = [{ topicId: id, partitions: wanted }];
    const byNumber = new Map(wanted.map((one) => [one.partition, one]));
    while (!closed) {
      const { responses } = await consumer.fetch({ node, topics, maxWaitTime: 100, maxBytes: 8 * maxBytes });
      for (const { partitions: answers } of responses) {
        for (const { partitionIndex, records } of answers)
          readBatches(byNumber.get(partitionIndex), records, seen);
      }
    }
  });
  return {
    async close() {
      closed = true;
      await Promise.all(loops);
      await consumer.close(true);
    },
  };
}

function readBatches(partition, batches, seen) {
  for (const batch of batches ?? []) {
    for (const { offsetDelta, key, value } of batch.records) {
      // A fetch from the middle of a batch gets all of it.
      if (batch.firstOffset + BigInt(offsetDelta) >= partition.fetchOffset) seen(key, value);
    }
    partition.fetchOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
  }
}
