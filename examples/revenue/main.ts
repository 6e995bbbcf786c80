import { app, embeddedBroker, openClient } from 'millrace';
import { codecs, resultCodecs, revenue } from './job.ts';
import { sales } from './sales.ts';

const broker = embeddedBroker();
await using client = await openClient({ broker });
await client.createTopics(['sales', 'revenue-per-minute'].map((topic) => ({ topic, partitions: 1 })));
await client.send(
  'sales',
  codecs,
  sales.map((value, index) => ({ key: `sale-${index}`, value })),
);

const late = Promise.withResolvers<void>();
await using job = app('revenue', { sinks: [revenue], broker });
job.drops.subscribe(({ reason, step, topic, offset }) => {
  console.log(`left out: ${reason}, at ${step}, record ${offset} of ${topic}`);
  late.resolve();
});
await job.start();
await late.promise;
await job.stop();
for await (const { key, value } of client.read('revenue-per-minute', resultCodecs, { until: 'end' })) {
  console.log(`${new Date(key?.start ?? 0).toISOString().slice(11, 16)} ${key?.key} ${(value ?? 0) / 100}`);
}
