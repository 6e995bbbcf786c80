import { embeddedBroker, json, openClient, text, windowed } from 'millrace';
import { shop } from './job.ts';

// `npm run example quickstart` runs in this process; `-- --brokers localhost:9092` on Apache Kafka.
const brokers = process.argv.find((_, index, all) => all[index - 1] === '--brokers');
const where = brokers ? { brokers } : { broker: embeddedBroker() };

await using client = await openClient(where);
await client.createTopics(['orders', 'items-per-minute'].map((topic) => ({ topic, partitions: 2 })));
const orders = ['tea', 'rice', 'tea', 'tofu', 'tea'].map((item, index) => ({
  key: `order-${index}`,
  value: { user: 'hana', item },
  timestamp: Date.UTC(2026, 0, 1, 9, 0, 10 * index),
}));
await client.send('orders', { key: text, value: json() }, orders);

await using job = shop(where);
await job.start();
const results = client.read('items-per-minute', { key: windowed(text, 60_000), value: json<number>() });
let seen = 0;
for await (const { key, value } of results) {
  console.log(`${new Date(key?.start ?? 0).toISOString().slice(11, 16)} ${key?.key} ${value}`);
  if (++seen === orders.length) break;
}
