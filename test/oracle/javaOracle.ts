import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { java } from '../../scripts/kafka/java.ts';
import { kafkaFolder } from '../../scripts/kafka/kafkaJars.ts';
import { KafkaMissing } from '../../scripts/kafka/kafkaMissing.ts';
import { mavenJars } from '../../scripts/kafka/mavenJars.ts';

/** The version whose semantics are the reference, whatever brokers are tested with. */
const streamsVersion = '4.1.1';

/** A command that runs cases on Kafka Streams. Throws KafkaMissing where there is no Java, Maven or download. */
export async function javaOracle(
  log: (line: string) => void,
): Promise<[command: string, ...parameters: string[]]> {
  const command = java();
  const jars = await mavenJars({
    title: `Kafka Streams ${streamsVersion} (about 90 MB)`,
    pom: join(import.meta.dirname, 'pom.xml'),
    version: streamsVersion,
    folder: join(kafkaFolder, 'jars', `streams-${streamsVersion}`),
    log,
  });
  const classPath = [compiled(command, jars), jars].join(delimiter);
  const memory = existsSync('/dev/shm') ? ['-Djava.io.tmpdir=/dev/shm'] : [];
  const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', ...memory];
  return [command, ...flags, '-cp', classPath, 'Oracle'];
}

/** A folder of classes that are those of the sources as they are now. */
function compiled(command: string, jars: string): string {
  const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.java'));
  const sources = names.sort().map((name) => join(import.meta.dirname, name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const folder = join(kafkaFolder, 'oracle', hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(partial, { recursive: true });
  try {
    const compiler = command === 'java' ? 'javac' : join(dirname(command), 'javac');
    const { status, stderr, error } = spawnSync(
      compiler,
      ['-encoding', 'UTF-8', '-cp', jars, '-d', partial, ...sources],
      {
        encoding: 'utf8',
      },
    );
    if (error !== undefined) throw new KafkaMissing(`The sweep needs a JDK, and '${compiler}' does not run.`);
    if (status !== 0) throw new Error(`${compiler} refuses the sources of the oracle:\n${stderr}`);
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
