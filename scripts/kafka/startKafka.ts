import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './freePorts.ts';
import { java } from './java.ts';
import { kafkaFolder, kafkaJars } from './kafkaJars.ts';
import { KafkaNode } from './kafkaNode.ts';

export interface KafkaOptions {
  /** One to three. Each is broker and controller (KRaft combined mode). */
  readonly nodes: number;
  /** Broker settings on top of those for tests, the same for every node or by the index of a node, 0 being the first. */
  readonly config?: BrokerSettings | ((node: number) => BrokerSettings);
  /** Further listeners by name, with their security protocol: `{ SASL: 'SASL_PLAINTEXT' }`. What they need besides is in `config`. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** A JAAS configuration, for brokers that take no `sasl.jaas.config` for what is wanted. */
  readonly jaas?: string;
  /** Those of `listeners` whose clients are sent to other ports, `advertised()`, where a proxy is to stand in between. */
  readonly proxied?: readonly string[];
  /** Told about the download and the start. */
  readonly log?: (line: string) => void;
}

export type BrokerSettings = Readonly<Record<string, string | number>>;

export interface KafkaCluster {
  /** host:port of each node, in the order of their indexes. */
  readonly brokers: readonly string[];
  /** host:port of each node at one of `listeners`. */
  listener(name: string): readonly string[];
  /** host:port where the clients of one of `listeners` are sent to: not where the nodes listen if it is proxied. */
  advertised(name: string): readonly string[];
  /** Process id of each node that runs. */
  pids(): readonly number[];
  /** Where the nodes keep their data and logs, until stop(). */
  readonly folder: string;
  /** Ends every node at once and removes their data. */
  stop(): Promise<void>;
  /** Sends a signal to one node, 0 being the first. SIGKILL and SIGTERM: resolves when it has ended. */
  kill(node: number, signal: NodeJS.Signals): Promise<void>;
  /** Starts a node on the data it had, ending it first where it still runs; resolves when it serves again. */
  restart(node: number): Promise<void>;
}

const startTimeout = 120_000;

/**
 * Starts Apache Kafka on free ports of the loopback interface. Topics are not created by themselves. Nothing is left
 * running or on disk when this process ends, whatever ends it. Throws KafkaMissing where Java or Maven is missing.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaCluster> {
  const { nodes: count, config = {}, listeners = {}, proxied = [], jaas, log } = options;
  if (!(count >= 1 && count <= 3)) throw new RangeError(`nodes is 1, 2 or 3, not ${count}`);
  const command = java();
  const classPath = await kafkaJars(log);
  const folder = newDataFolder();
  const watch = watchDeath(folder);
  const more = Object.entries(listeners);
  const ports = await freePorts((2 + 2 * more.length) * count);
  const portsAt = (at: number): number[] => ports.slice(at * count, (at + 1) * count);
  const places = more.map(([name, protocol], at) => {
    const listening = portsAt(2 + at);
    const advertised = proxied.includes(name) ? portsAt(2 + more.length + at) : listening;
    return { name, protocol, listening, advertised };
  });
  const clusterId = `k${randomBytes(16).toString('base64url').slice(1)}`;
  const nodes = Array.from({ length: count }, (_, index) => {
    const id = index + 1;
    const own = places.map(({ name, protocol, listening, advertised }) => ({
      name,
      protocol,
      port: listening[index]!,
      advertised: advertised[index]!,
    }));
    const nodeFolder = join(folder, `node-${id}`);
    return new KafkaNode({
      id,
      port: ports[index]!,
      java: command,
      classPath,
      folder: nodeFolder,
      clusterId,
      ...(jaas !== undefined && { jaas }),
      properties: {
        ...properties(id, ports.slice(0, 2 * count), own, join(nodeFolder, 'log')),
        ...(typeof config === 'function' ? config(index) : config),
      },
      onStart: (pid) => watch.stdin!.write(`+${pid}\n`),
      onExit: (pid) => watch.stdin!.write(`-${pid}\n`),
    });
  });
  const cluster = asCluster(nodes, places, folder, watch);
  try {
    log?.(`Starting Kafka, ${count} node${count > 1 ? 's' : ''} ...`);
    await Promise.all(nodes.map((node) => node.format()));
    for (const node of nodes) node.start();
    await Promise.all(nodes.map((node) => node.untilReady(nodes, startTimeout)));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

function asCluster(
  nodes: readonly KafkaNode[],
  places: readonly Place[],
  folder: string,
  watch: ChildProcess,
): KafkaCluster {
  const at = (index: number): KafkaNode => {
    const node = nodes[index];
    if (!node)
      throw new RangeError(`there is no node ${index}: the cluster has ${nodes.length}, the first is 0`);
    return node;
  };
  const cluster: KafkaCluster = {
    brokers: nodes.map((node) => node.address),
    listener: (name) => addresses(places.find((place) => place.name === name)?.listening),
    advertised: (name) => addresses(places.find((place) => place.name === name)?.advertised),
    folder,
    pids: () => nodes.flatMap((node) => node.pid ?? []),
    async stop() {
      await Promise.all(nodes.map((node) => node.kill('SIGKILL')));
      if (watch.exitCode !== null || watch.signalCode !== null) return;
      const ended = new Promise((resolve) => watch.once('exit', resolve));
      watch.ref();
      watch.stdin!.end();
      await ended;
    },
    kill: (node, signal) => at(node).kill(signal),
    async restart(index) {
      const node = at(index);
      await node.kill('SIGKILL');
      node.start();
      await node.untilReady([node], startTimeout);
    },
  };
  return Object.freeze(cluster);
}

function addresses(ports: readonly number[] = []): string[] {
  return ports.map((port) => `127.0.0.1:${port}`);
}

function newDataFolder(): string {
  const parent = join(kafkaFolder, 'data');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'cluster-'));
}

function watchDeath(folder: string): ChildProcess {
  const script = join(import.meta.dirname, 'deathWatch.ts');
  const child = spawn(process.execPath, [script, folder], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
    env: { PATH: process.env['PATH'] },
  });
  child.unref();
  return child;
}

/** A listener of all nodes, with its port at each. */
interface Place {
  readonly name: string;
  readonly listening: readonly number[];
  readonly advertised: readonly number[];
}

interface Listener {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly advertised: number;
}

/** Small, quick to start, and as strict about losing acknowledged records as a cluster of this size can be. */
function properties(
  id: number,
  ports: readonly number[],
  own: readonly Listener[],
  folder: string,
): Record<string, string | number> {
  const nodes = ports.length / 2;
  const [port, controllerPort] = [ports[id - 1], ports[nodes + id - 1]];
  const replicas = Math.min(nodes, 3);
  const inSync = nodes > 2 ? 2 : 1;
  const plaintext = `PLAINTEXT://127.0.0.1:${port}`;
  const listening = own.map((listener) => `${listener.name}://127.0.0.1:${listener.port}`);
  const advertised = own.map((listener) => `${listener.name}://127.0.0.1:${listener.advertised}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': ports
      .slice(nodes)
      .map((at, index) => `${index + 1}@127.0.0.1:${at}`)
      .join(','),
    listeners: [plaintext, ...listening, `CONTROLLER://127.0.0.1:${controllerPort}`].join(','),
    'advertised.listeners': [plaintext, ...advertised].join(','),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', 'PLAINTEXT:PLAINTEXT']
      .concat(own.map(({ name, protocol }) => `${name}:${protocol}`))
      .join(','),
    'log.dirs': folder,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    // A member that was killed is missed after its session: with the usual 6 s at least, tests would mostly wait.
    'group.min.session.timeout.ms': 1000,
    // A node that was killed may come back only when its old session has ended (9 s by default).
    'broker.heartbeat.interval.ms': 1000,
    'broker.session.timeout.ms': 4000,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
  };
}
