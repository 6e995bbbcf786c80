import { app, count, json, keyBy, openClient, stream, text, to } from 'millrace';

/* A user's program, bundled and run by bundled.test.ts: state, a repartition topic, transactions, and an error. */
const [brokers, prefix, stateDir, listener] = process.argv.slice(2) as [string, string, string, string?];
const [words, totals] = [`${prefix}words`, `${prefix}totals`];
const codecs = { key: text, value: text };

await using client = await openClient({ brokers });
await client.createTopics([words, totals].map((topic) => ({ topic, partitions: 2 })));
const said = ['a', 'b', 'a'].map((value) => ({ key: 'k', value }));
await client.send(words, codecs, said);

const counted = stream(words, codecs).pipe(
  keyBy((word) => `word-${word}`),
  count('counts'),
  to(totals),
);
const job = app(`${prefix}count`, { sinks: [counted], brokers, stateDir, commitInterval: 20 });
await job.start();
const seen = new Map<string, number>();
for await (const record of client.read(totals, { key: text, value: json<number>() })) {
  seen.set(record.key!, record.value!);
  if (seen.get('word-a') === 2 && seen.get('word-b') === 1) break;
}
await job.stop();

const nobody = await openClient({ brokers: listener ?? '127.0.0.1:1' }).catch(
  (error: { code: string }) => error,
);
console.log(
  JSON.stringify({ seen: Object.fromEntries(seen), code: 'code' in nobody ? nobody.code : 'none' }),
);
