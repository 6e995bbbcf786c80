import { Kafka, logLevel } from 'kafkajs';

/* Run by kafkajsBridge.test.ts as a process of its own: kafkajs as it is, to see that there is something to be kept quiet. */
const kafka = new Kafka({
  brokers: [process.argv[2]!],
  logLevel: logLevel.NOTHING,
  logCreator: () => () => {},
});
const admin = kafka.admin();
await admin.connect();
await admin.disconnect();
