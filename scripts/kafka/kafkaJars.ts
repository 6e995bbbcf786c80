import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { maven } from './java.ts';
import { KafkaMissing } from './kafkaMissing.ts';

/** The version the project is tested with; KAFKA_VERSION chooses another. */
export const kafkaVersion: string = process.env['KAFKA_VERSION'] ?? '4.1.1';

/** Ignored by git: jars, and the data of nodes that are running. */
export const kafkaFolder: string = join(import.meta.dirname, '../../.kafka');

/** The class path of a Kafka node. Fetches the jars from Maven Central the first time (about 55 MB). */
export async function kafkaJars(log: (line: string) => void = () => {}): Promise<string> {
  const folder = join(kafkaFolder, 'jars', kafkaVersion);
  if (!existsSync(folder)) await fetchJars(folder, log);
  return join(folder, '*');
}

/** Fetched beside its place and moved there when complete: another process never sees half of it. */
async function fetchJars(folder: string, log: (line: string) => void): Promise<void> {
  const command = maven();
  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(join(folder, '..'), { recursive: true });
  log(`Getting Apache Kafka ${kafkaVersion} from Maven Central, once (about 55 MB) ...`);
  try {
    await runMaven(command, partial, log);
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  log(`Apache Kafka ${kafkaVersion} is in ${folder}`);
}

function runMaven(command: string, outputFolder: string, log: (line: string) => void): Promise<void> {
  const pom = join(import.meta.dirname, 'pom.xml');
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const options = [`-Dkafka.version=${kafkaVersion}`, `-DoutputDirectory=${outputFolder}`];
  const child = spawn(command, ['-B', '-f', pom, goal, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  const last: string[] = [];
  let downloaded = 0;
  let toldAt = Date.now();
  const keep = (line: string): void => {
    last.push(line);
    if (last.length > 15) last.shift();
  };
  createInterface({ input: child.stderr }).on('line', keep);
  createInterface({ input: child.stdout }).on('line', (line) => {
    keep(line);
    if (!line.includes('Downloaded from')) return;
    downloaded++;
    if (Date.now() - toldAt < 2000) return;
    toldAt = Date.now();
    log(`  ${downloaded} files, last ${/([^/]*) \(/.exec(line)?.[1]}`);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new KafkaMissing(`Maven could not fetch Kafka ${kafkaVersion}:\n${last.join('\n')}`));
    });
  });
}
