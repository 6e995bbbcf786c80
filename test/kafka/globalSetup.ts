import type { TestProject } from 'vitest/node';
import { KafkaMissing } from '../../scripts/kafka/kafkaMissing.ts';
import { startKafka } from '../../scripts/kafka/startKafka.ts';

/**
 * One Kafka node for all suites here, its address in KAFKA_BROKERS; a cluster already named there is used as it is.
 * Without Java or Maven the suites are skipped and say so; under CI that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env['KAFKA_BROKERS']) return undefined;
  try {
    const cluster = await startKafka({ nodes: 1, log: (line) => console.error(line) });
    process.env['KAFKA_BROKERS'] = cluster.brokers.join(',');
    return () => cluster.stop();
  } catch (error) {
    if (!(error instanceof KafkaMissing) || process.env['CI']) throw error;
    console.error(`NOTICE: the tests on Kafka are skipped. ${error.message}`);
    // Matches no name: every test counts as skipped, and no beforeAll runs.
    project.config.testNamePattern = /$^/;
    return undefined;
  }
}
