import { createRequire } from 'node:module';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

/** @import { ConsumeOptions, EngineOptions, Sender } from '../engine.ts' */
/* Buffers with their partition given; a send of 1000 is its best size: larger ones are grouped in quadratic time. */
export const { version } = createRequire(import.meta.url)('kafkajs/package.json');
export const variants = {
  produce: ['send'],
  consume: ['eachBatch'],
  'consume-committed': ['eachBatch'],
};

const connect = ({ brokers }) =>
  new Kafka({ brokers, clientId: 'kafkajs-bench', logLevel: logLevel.NOTHING });

/** @param {EngineOptions} options @returns {Promise<Sender>} */
export async function produce(options) {
  const producer = connect(options).producer({
    idempotent: true,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return {
    prepare: ({ keyBytes, valueBytes, partition, timestamp }) => ({
      key: keyBytes,
      value: valueBytes,
      partition,
      timestamp: String(timestamp),
    }),
    // One at a time: an idempotent producer of kafkajs loses records otherwise.
    send: async (messages) => void (await producer.send({ topic: options.topic, acks: -1, messages })),
    flush: async () => {},
    close: () => producer.disconnect(),
  };
}

/** @param {ConsumeOptions} options */
export async function consume(options) {
  const { topic, seen, committed } = options;
  const consumer = connect(options).consumer({
    groupId: `kafkajs-bench-${process.pid}-${Date.now()}`,
    maxBytesPerPartition: 4 << 20,
    maxBytes: 32 << 20,
    maxWaitTimeInMs: 100,
    readUncommitted: !committed,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: true,
    eachBatch: async ({ batch }) => {
      for (const { key, value } of batch.messages) seen(key, value);
    },
  });
  return { close: () => consumer.disconnect() };
}
