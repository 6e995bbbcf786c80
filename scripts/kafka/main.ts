import { parseArgs } from 'node:util';
import { kafkaVersion } from './kafkaJars.ts';
import { KafkaMissing } from './kafkaMissing.ts';
import { startKafka } from './startKafka.ts';

/* npm run kafka -- --nodes=3 --config=key=value : Kafka in the foreground, until Ctrl-C. */
const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1' },
    config: { type: 'string', multiple: true, default: [] },
  },
});

const config = Object.fromEntries(
  values.config.map((pair) => [pair.split('=', 1)[0]!, pair.slice(pair.indexOf('=') + 1)]),
);

try {
  const cluster = await startKafka({
    nodes: Number(values.nodes),
    config,
    log: (line) => console.error(line),
  });
  console.error(`Apache Kafka ${kafkaVersion} is running. Ctrl-C stops it and removes its data.`);
  console.log(`KAFKA_BROKERS=${cluster.brokers.join(',')}`);
  await untilSignal();
  console.error('Stopping ...');
  await cluster.stop();
} catch (error) {
  if (!(error instanceof KafkaMissing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    // Signal handlers alone do not keep a process alive.
    const alive = setInterval(() => {}, 60_000);
    const stop = (): void => {
      clearInterval(alive);
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  });
}
