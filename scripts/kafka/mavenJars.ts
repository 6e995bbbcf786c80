import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { maven } from './java.ts';
import { KafkaMissing } from './kafkaMissing.ts';

export interface MavenJars {
  /** What people call it. */
  readonly title: string;
  /** What to fetch, with the version as its property kafka.version. */
  readonly pom: string;
  readonly version: string;
  /** Where the jars are, or are put the first time. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** A class path of jars from Maven Central, fetched once. */
export async function mavenJars(jars: MavenJars): Promise<string> {
  if (!existsSync(jars.folder)) await fetchJars(jars);
  return join(jars.folder, '*');
}

/** Fetched beside its place and moved there when complete: another process never sees half of it. */
async function fetchJars({ title, pom, version, folder, log }: MavenJars): Promise<void> {
  const command = maven();
  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(join(folder, '..'), { recursive: true });
  log(`Getting ${title} from Maven Central, once ...`);
  try {
    await runMaven(command, { title, pom, version, folder: partial, log });
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  log(`${title} is in ${folder}`);
}

function runMaven(command: string, { title, pom, version, folder, log }: MavenJars): Promise<void> {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const options = [`-Dkafka.version=${version}`, `-DoutputDirectory=${folder}`];
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
      else reject(new KafkaMissing(`Maven could not fetch ${title}:\n${last.join('\n')}`));
    });
  });
}
