import { createRequire } from 'node:module';

/** @import { ConsumeOptions, EngineOptions, Sender } from '../engine.ts' */
/* Both APIs of it: the one like kafkajs's, and librdkafka's own. Buffers with their partition given. */
const load = createRequire(import.meta.url);
const { KafkaJS, KafkaConsumer, Producer } = load('@confluentinc/kafka-javascript');
export const { version } = load('@confluentinc/kafka-javascript/package.json');
export const variants = {
  produce: ['send', 'rdkafka'],
  consume: ['eachBatch', 'rdkafka'],
  'consume-committed': ['rdkafka'],
};

const group = () => `confluent-bench-${process.pid}-${Date.now()}`;
const connect = ({ brokers }) =>
  new KafkaJS.Kafka({
    kafkaJS: { brokers, clientId: 'confluent-bench', logLevel: KafkaJS.logLevel.NOTHING },
  });

/** @param {EngineOptions} options @returns {Promise<Sender>} */
export async function produce(options) {
  return options.variant === 'send' ? produceSend(options) : produceRdkafka(options);
}

async function produceSend(options) {
  const producer = connect(options).producer({ kafkaJS: { idempotent: true, acks: -1 }, 'linger.ms': 0 });
  await producer.connect();
  return {
    prepare: ({ keyBytes, valueBytes, partition, timestamp }) => ({
      key: keyBytes,
      value: valueBytes,
      partition,
      timestamp: String(timestamp),
    }),
    send: async (messages) => void (await producer.send({ topic: options.topic, messages })),
    flush: async () => {},
    close: () => producer.disconnect(),
  };
}

async function produceRdkafka({ brokers, topic }) {
  const producer = new Producer({
    'metadata.broker.list': brokers.join(','),
    'enable.idempotence': true,
    'queue.buffering.max.messages': 200_000,
    'linger.ms': 5,
  });
  await new Promise((resolve, reject) => {
    producer.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  producer.setPollInterval(50); // makes room in its queue
  const breathe = () => new Promise((resolve) => setImmediate(resolve));
  return {
    prepare: (record) => record,
    async send(records) {
      for (const { partition, keyBytes, valueBytes, timestamp } of records) {
        while (!offer(producer, topic, partition, valueBytes, keyBytes, timestamp)) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      await breathe();
    },
    flush: () => new Promise((resolve, reject) => producer.flush(60_000, (e) => (e ? reject(e) : resolve()))),
    close: () => new Promise((resolve) => producer.disconnect(resolve)),
  };
}

/** false: its queue is full. */
function offer(producer, topic, partition, value, key, timestamp) {
  try {
    producer.produce(topic, partition, value, key, timestamp);
    return true;
  } catch (error) {
    if (error.code === -184) return false;
    throw error;
  }
}

/** @param {ConsumeOptions} options */
export async function consume(options) {
  return options.variant === 'eachBatch' ? consumeBatches(options) : consumeRdkafka(options);
}

async function consumeBatches(options) {
  const { topic, seen } = options;
  const consumer = connect(options).consumer({
    kafkaJS: { groupId: group(), fromBeginning: true, autoCommit: false },
    'js.consumer.max.batch.size': 1000,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({
    eachBatchAutoResolve: true,
    eachBatch: async ({ batch }) => {
      for (const { key, value } of batch.messages) seen(key, value);
    },
  });
  return { close: () => consumer.disconnect() };
}

async function consumeRdkafka({ brokers, topic, partitions, committed, seen }) {
  const consumer = new KafkaConsumer(
    {
      'metadata.broker.list': brokers.join(','),
      'group.id': group(),
      'enable.auto.commit': false,
      'isolation.level': committed ? 'read_committed' : 'read_uncommitted',
      'fetch.wait.max.ms': 100,
    },
    { 'auto.offset.reset': 'earliest' },
  );
  await new Promise((resolve, reject) => {
    consumer.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
  let closed = false;
  const loop = (async () => {
    while (!closed) {
      const messages = await new Promise((resolve, reject) => {
        consumer.consume(1000, (error, found) => (error ? reject(error) : resolve(found)));
      });
      for (const { key, value } of messages) seen(key, value);
    }
  })();
  return {
    async close() {
      closed = true;
      await loop;
      await new Promise((resolve) => consumer.disconnect(resolve));
    },
  };
}
