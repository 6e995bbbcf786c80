import { join } from 'node:path';
import { mavenJars } from './mavenJars.ts';

/** The version the project is tested with; KAFKA_VERSION chooses another. */
export const kafkaVersion: string = process.env['KAFKA_VERSION'] ?? '4.1.1';

/** Ignored by git: jars, and the data of nodes that are running. */
export const kafkaFolder: string = join(import.meta.dirname, '../../.kafka');

/** The class path of a Kafka node. Fetches the jars from Maven Central the first time (about 55 MB). */
export function kafkaJars(log: (line: string) => void = () => {}): Promise<string> {
  return mavenJars({
    title: `Apache Kafka ${kafkaVersion} (about 55 MB)`,
    pom: join(import.meta.dirname, 'pom.xml'),
    version: kafkaVersion,
    folder: join(kafkaFolder, 'jars', kafkaVersion),
    log,
  });
}
