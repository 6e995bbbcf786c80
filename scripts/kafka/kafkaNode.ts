import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { aliveBrokers } from './aliveBrokers.ts';

export interface KafkaNodeOptions {
  readonly id: number;
  readonly port: number;
  readonly java: string;
  readonly classPath: string;
  readonly folder: string;
  readonly clusterId: string;
  readonly properties: Readonly<Record<string, string | number>>;
  /** A JAAS configuration. */
  readonly jaas?: string;
  /** Called with the process id when the node's process starts and when it has ended. */
  readonly onStart: (pid: number) => void;
  readonly onExit: (pid: number) => void;
}

/** The 400 MB are enough for tests; the serial collector leaves the cores to them. */
const nodeFlags = [
  '-Xms400m',
  '-Xmx400m',
  '-XX:+UseSerialGC',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];
const toolFlags = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** One broker and controller of a cluster: a Java process that can be killed and started again on the same data. */
export class KafkaNode {
  readonly address: string;
  readonly #options: KafkaNodeOptions;
  readonly #propertiesFile: string;
  readonly #logFile: string;
  readonly #jaasFile: string;
  #process: ChildProcess | undefined;

  constructor(options: KafkaNodeOptions) {
    this.#options = options;
    this.address = `127.0.0.1:${options.port}`;
    this.#propertiesFile = join(options.folder, 'server.properties');
    this.#logFile = join(options.folder, 'server.log');
    this.#jaasFile = join(options.folder, 'jaas.conf');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Writes the configuration and formats the storage, once. */
  async format(): Promise<void> {
    const { folder, properties, java, classPath, clusterId } = this.#options;
    mkdirSync(folder, { recursive: true });
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}`);
    writeFileSync(this.#propertiesFile, `${lines.join('\n')}\n`);
    if (this.#options.jaas !== undefined) writeFileSync(this.#jaasFile, this.#options.jaas);
    const format = ['format', '--cluster-id', clusterId, '--config', this.#propertiesFile];
    await promisify(execFile)(java, [...toolFlags, '-cp', classPath, 'kafka.tools.StorageTool', ...format]);
  }

  start(): void {
    if (this.#process) throw new Error(`Kafka node ${this.#options.id} is already running`);
    const { java, classPath, jaas, onStart, onExit } = this.#options;
    const log = openSync(this.#logFile, 'a');
    const flags = [
      ...nodeFlags,
      ...(jaas === undefined ? [] : [`-Djava.security.auth.login.config=${this.#jaasFile}`]),
    ];
    const child = spawn(java, [...flags, '-cp', classPath, 'kafka.Kafka', this.#propertiesFile], {
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal is for the process that started it, which stops it in order.
      detached: true,
    });
    closeSync(log);
    const pid = child.pid;
    if (pid === undefined) throw new Error(`${java} does not start`);
    onStart(pid);
    this.#process = child;
    child.once('exit', () => {
      onExit(pid);
      this.#process = undefined;
    });
  }

  /** Resolves when this node knows all of these to be alive. */
  async untilReady(nodes: readonly KafkaNode[], timeout: number): Promise<void> {
    const end = Date.now() + timeout;
    for (;;) {
      const alive = await aliveBrokers(this.#options.port);
      if (nodes.every((node) => alive.includes(node.#options.id))) return;
      if (!this.#process)
        throw new Error(`Kafka node ${this.#options.id} ended while starting:\n${this.#lastLog()}`);
      if (Date.now() > end) {
        throw new Error(
          `Kafka node ${this.#options.id} is not ready after ${timeout} ms:\n${this.#lastLog()}`,
        );
      }
      await sleep(50);
    }
  }

  /** Sends a signal. After SIGKILL and SIGTERM, resolves when the process has ended; after SIGSTOP, when all of it stands. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child) return;
    if (signal !== 'SIGKILL' && signal !== 'SIGTERM') {
      child.kill(signal);
      if (signal === 'SIGSTOP') await untilStopped(child);
      return;
    }
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }

  #lastLog(): string {
    if (!existsSync(this.#logFile)) return '';
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-30).join('\n');
  }
}

/** A signal is delivered to each thread when it is next scheduled: on a busy machine one goes on for a while and answers. */
async function untilStopped(child: ChildProcess): Promise<void> {
  const threads = `/proc/${child.pid}/task`;
  if (!existsSync(threads)) return; // not Linux
  const stands = (thread: string): boolean => {
    try {
      // Behind the name, which is in brackets and may hold any character.
      const [state] = readFileSync(join(threads, thread, 'stat'), 'utf8').replace(/^.*\) /s, '');
      return state === 'T' || state === 'Z';
    } catch {
      return true; // this thread has ended meanwhile
    }
  };
  while (child.exitCode === null && !readdirSync(threads).every(stands)) await sleep(1);
}
