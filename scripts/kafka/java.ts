import { spawnSync } from 'node:child_process';
import { KafkaMissing } from './kafkaMissing.ts';

const instead = 'or set KAFKA_BROKERS=host:port to use a cluster that is already running';

/** The java command, once it is known to be new enough for a Kafka 4 broker. */
export function java(): string {
  const home = process.env['JAVA_HOME'];
  const command = home ? `${home}/bin/java` : 'java';
  const answer = spawnSync(command, ['-version'], { encoding: 'utf8' });
  if (answer.status !== 0) {
    throw new KafkaMissing(
      `Kafka needs Java 17 or newer, and '${command}' does not run. Install it, ${instead}.`,
    );
  }
  const major = Number(/version "(\d+)/.exec(answer.stderr)?.[1]);
  if (!(major >= 17)) {
    const found = answer.stderr.split('\n')[0];
    throw new KafkaMissing(`Kafka needs Java 17 or newer, found: ${found}. Install it, ${instead}.`);
  }
  return command;
}

/** The Maven command that fetches the jars. */
export function maven(): string {
  const answer = spawnSync('mvn', ['-v'], { encoding: 'utf8', shell: process.platform === 'win32' });
  if (answer.status !== 0) {
    throw new KafkaMissing(
      `Getting Kafka's jars needs Maven, and 'mvn' does not run. Install it, ${instead}.`,
    );
  }
  return 'mvn';
}
