import type { TestProject } from 'vitest/node';
import { java } from '../../scripts/kafka/java.ts';
import { kafkaJars } from '../../scripts/kafka/kafkaJars.ts';
import { KafkaMissing } from '../../scripts/kafka/kafkaMissing.ts';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';

/**
 * A Kafka cluster for all suites here (KAFKA_NODES of KAFKA_VERSION, one node of the usual version by default), its
 * addresses in KAFKA_BROKERS; a cluster already named there is used as it is.
 * Without Java or Maven the suites are skipped and say so; under CI that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env['KAFKA_BROKERS']) {
    await orNotice(
      'The tests that need Java are skipped',
      async () => {
        java();
        await kafkaJars(log);
      },
      () => {
        process.env['MILLRACE_JAVA_MISSING'] = 'yes';
      },
    );
    return undefined;
  }
  let cluster: KafkaCluster | undefined;
  await orNotice(
    'The tests on Kafka are skipped',
    async () => {
      cluster = await startKafka({ nodes: Number(process.env['KAFKA_NODES'] ?? 1), log });
      process.env['KAFKA_BROKERS'] = cluster.brokers.join(',');
      process.env['KAFKA_SHORTEST_SESSION'] = '2000';
    },
    () => {
      // Matches no name: every test counts as skipped, and no beforeAll runs.
      project.config.testNamePattern = /$^/;
    },
  );
  return () => cluster?.stop() ?? Promise.resolve();
}

async function orNotice(notice: string, start: () => Promise<void>, skip: () => void): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof KafkaMissing) || process.env['CI']) throw error;
    log(`NOTICE: ${notice}. ${error.message}`);
    skip();
  }
}

function log(line: string): void {
  console.error(line);
}
