// kafkajs's own consumer and producer with nothing between them: what a record costs before anybody does anything with it.
import { Kafka, logLevel } from 'kafkajs';

const env = process.env;
const kafka = new Kafka({ brokers: [env.BENCH_BROKER], clientId: env.BENCH_APP, logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: env.BENCH_APP, maxWaitTimeInMs: 100 });
const producer = kafka.producer();
let first = true;
process.on('SIGTERM', async () => {
  await Promise.all([consumer.disconnect(), producer.disconnect()]);
  process.exit(0);
});
await Promise.all([consumer.connect(), producer.connect()]);
await consumer.subscribe({ topics: env.BENCH_IN.split(','), fromBeginning: true });
await consumer.run({
  eachBatchAutoResolve: true,
  eachBatch: async ({ batch }) => {
    if (first) console.log('FIRST');
    first = false;
    // kafkajs groups records in quadratic time: more than some 2,000 a send would make it look worse than it is.
    for (let at = 0; at < batch.messages.length; at += 1000) {
      const messages = batch.messages
        .slice(at, at + 1000)
        .map(({ key, value, timestamp }) => ({ key, value, timestamp }));
      await producer.send({ topic: env.BENCH_OUT, messages });
    }
  },
});
