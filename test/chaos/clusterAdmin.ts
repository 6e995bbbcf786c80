import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { java } from '../../scripts/kafka/java.ts';
import { kafkaJars } from '../../scripts/kafka/kafkaJars.ts';

/** How far a group is in a partition, and where that ends. */
export interface Position {
  readonly committed: number;
  readonly end: number;
}

type Waiting = PromiseWithResolvers<string>;

/** Apache Kafka's own admin client in a process beside ours: moves leaders, and says how things stand without our code. */
export class ClusterAdmin {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #asked = 0;
  #complaint = '';

  static async open(brokers: readonly string[]): Promise<ClusterAdmin> {
    const source = join(import.meta.dirname, 'ClusterAdmin.java');
    const flags = ['-Xmx128m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
    return new ClusterAdmin(java(), [...flags, '-cp', await kafkaJars(), source, brokers.join()]);
  }

  private constructor(command: string, parameters: readonly string[]) {
    this.#child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-4000);
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#answered(line));
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
    void this.#ended.then(() => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`ClusterAdmin ended: ${this.#complaint}`));
    });
  }

  #answered(line: string): void {
    const [, number, how, answer] = /^(\d+) (ok|error) ?(.*)$/.exec(line) ?? [];
    const waiting = this.#waiting.get(Number(number));
    if (waiting === undefined) return;
    this.#waiting.delete(Number(number));
    if (how === 'ok') waiting.resolve(answer!);
    else waiting.reject(new Error(answer));
  }

  #ask(...words: readonly (string | number)[]): Promise<string> {
    const number = this.#asked++;
    const waiting = Promise.withResolvers<string>();
    this.#waiting.set(number, waiting);
    this.#child.stdin!.write(`${number} ${words.join(' ')}\n`);
    return waiting.promise;
  }

  /** Id of the broker that leads a partition, -1 where there is none. */
  async leader(topic: string, partition: number): Promise<number> {
    return Number(await this.#ask('leader', topic, partition));
  }

  /** Makes a broker the leader; gives who leads then. */
  async move(topic: string, partition: number, broker: number): Promise<number> {
    return Number(await this.#ask('move', topic, partition, broker));
  }

  /** Makes the preferred replicas leaders again, everywhere. */
  async elect(): Promise<void> {
    await this.#ask('elect');
  }

  /** Partitions without a leader or without all their replicas. */
  async unhealthy(): Promise<number> {
    return Number(await this.#ask('unhealthy'));
  }

  /** Transactions that are not finished, of ids with this beginning. */
  async open(beginning: string): Promise<readonly string[]> {
    return list(await this.#ask('open', beginning));
  }

  /** Partitions whose last stable offset is not their end. */
  async unstable(topics: readonly string[]): Promise<readonly string[]> {
    return list(await this.#ask('stable', ...topics));
  }

  /** By 'topic-partition'. */
  async positions(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    const found = list(await this.#ask('positions', group, ...topics));
    return new Map(
      found.map((entry) => {
        const [, name, committed, end] = /^(.*)=(\d+)\/(\d+)$/.exec(entry)!;
        return [name!, { committed: Number(committed), end: Number(end) }];
      }),
    );
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

function list(answer: string): readonly string[] {
  return answer === '' ? [] : answer.split(',');
}
