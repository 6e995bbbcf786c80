import type { Socket } from 'node:net';
import { type Cluster, Kafka, logLevel, type Mechanism, type SASLOptions } from 'kafkajs';
// Imported, not looked up, so that it is there when a bundler has put everything into one file.
import kafkajs from 'kafkajs/package.json' with { type: 'json' };
import { MillraceError } from '../../../errors.ts';
import type { Address } from './address.ts';
import type { ApiVersions } from './brokerSocket.ts';
import { type Dialled, dial } from './dial.ts';
import type { KafkaConfig, KafkaSasl } from './kafkaConfig.ts';
import { oauthBearer } from './oauthBearer.ts';
import { socketRefused } from './socketRefused.ts';
import { unlessAborted } from './unlessAborted.ts';

/**
 * The only file that knows kafkajs. It opens a socket (TCP, TLS, ApiVersions, SASL); then the socket is ours and kafkajs
 * sees no further byte of it. What is used of its inside is named here, and checked before anything is connected.
 */
const builtOn = '2.2.4';

interface InnerCluster {
  readonly rootLogger: unknown;
  readonly connectionPoolBuilder: { build(to: { host: string; port: number }): Promise<InnerPool> };
  readonly brokerPool: {
    createBroker(options: { connectionPool: InnerPool; logger: unknown }): InnerBroker;
  };
}

interface InnerPool {
  readonly pool: readonly InnerConnection[];
}

interface InnerConnection {
  readonly requestQueue: InnerQueue;
  /** ms after which the broker wants new credentials, as kafkajs's own 64-bit number; 0: never. */
  readonly sessionLifetime: { toString(): string };
}

interface InnerQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

interface InnerBroker {
  connect(): Promise<void>;
  readonly versions: Readonly<Record<string, { minVersion: number; maxVersion: number }>> | null;
}

export interface OpenedSocket {
  readonly socket: Socket;
  readonly versions: ApiVersions;
  /** ms until the broker asks for new credentials; 0: never. */
  readonly sessionLifetimeMs: number;
}

export interface KafkajsBridge {
  /** UNSUPPORTED_CLIENT unless the installed kafkajs is the one this file was written for. */
  check(): Promise<void>;
  /** Resolves with an authenticated socket. NOT_AUTHENTICATED, or RequestLost when the broker cannot be reached. */
  openSocket(to: Address, signal: AbortSignal): Promise<OpenedSocket>;
}

export function kafkajsBridge(config: KafkaConfig): KafkajsBridge {
  return {
    check: () => checkShapes(config),
    openSocket: (to, signal) => openSocket(config, to, signal),
  };
}

async function openSocket(config: KafkaConfig, to: Address, signal: AbortSignal): Promise<OpenedSocket> {
  let dialled: Dialled | undefined;
  const cluster = clusterOf(config, to, (onConnect) => {
    dialled = dial(config, to, onConnect);
    return dialled.socket;
  });
  const connectionPool = await cluster.connectionPoolBuilder.build(to);
  const connection = connectionPool.pool[0]!;
  withoutIdleTimers(connection.requestQueue);
  const broker = cluster.brokerPool.createBroker({ connectionPool, logger: cluster.rootLogger });
  try {
    await unlessAborted(broker.connect(), signal);
  } catch (error) {
    dialled?.socket.destroy(new Error('given up'));
    throw socketRefused(error, dialled, to, config);
  }
  const socket = dialled?.socket;
  if (socket === undefined) throw unsupported('a socket from the socketFactory', 'none was asked for');
  // From here on kafkajs gets nothing more to read; its handlers of 'end' and 'error' only mark its own object as closed.
  socket.removeAllListeners('data');
  dialled?.reuseBuffer();
  return {
    socket,
    versions: new Map(
      Object.entries(broker.versions ?? {}).map(([key, range]) => [
        Number(key),
        { min: range.minVersion, max: range.maxVersion },
      ]),
    ),
    sessionLifetimeMs: Number(connection.sessionLifetime.toString()),
  };
}

/** kafkajs hands its cluster to partition assigners: a public, typed hook. Nothing is connected by this. */
function clusterOf(
  config: KafkaConfig,
  to: Address,
  dialled: (onConnect: () => void) => Socket,
): InnerCluster {
  let captured: Cluster | undefined;
  const kafka = new Kafka({
    clientId: config.clientId ?? 'millrace',
    brokers: ['given.to:1'],
    ssl: config.ssl !== undefined && config.ssl !== false,
    ...(config.sasl === undefined ? {} : { sasl: saslOptions(config.sasl, to) }),
    socketFactory: ({ onConnect }) => dialled(onConnect),
    // Times are kept by millrace, on its clock; kafkajs's own limit only has to be later.
    connectionTimeout: 2 * (config.connectTimeoutMs ?? 8_000),
    authenticationTimeout: 2 * (config.connectTimeoutMs ?? 8_000),
    enforceRequestTimeout: false,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
    logCreator: () => () => {},
  });
  kafka.consumer({
    groupId: 'unused',
    partitionAssigners: [
      ({ cluster }) => {
        captured = cluster;
        return {
          name: 'unused',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (captured === undefined)
    throw unsupported('partition assigners that are called with the cluster', 'no call');
  return captured as unknown as InnerCluster;
}

function saslOptions(sasl: KafkaSasl, to: Address): SASLOptions | Mechanism {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl } as SASLOptions; // a union that does not distribute
  return {
    mechanism: sasl.mechanism,
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: () => oauthBearer(`${to.host}:${to.port}`, sasl.token, saslAuthenticate),
    }),
  };
}

/**
 * kafkajs looks for queued requests after every answer, with a timer over a negative time where none is throttled. Node 24
 * prints a TimeoutNegativeWarning for it (tulios/kafkajs#1751). With nothing queued there is nothing to look for.
 */
function withoutIdleTimers(queue: InnerQueue): void {
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule.call(queue);
  };
}

async function checkShapes(config: KafkaConfig): Promise<void> {
  const { version } = kafkajs;
  if (version !== builtOn) throw unsupported(`kafkajs ${builtOn}`, `kafkajs ${String(version)}`);
  const nowhere = { host: 'nowhere.invalid', port: 1 };
  const cluster = clusterOf(config, nowhere, () => {
    throw unsupported('no socket while nothing is sent', 'a socket was asked for');
  });
  expectFunction(cluster.connectionPoolBuilder?.build, 'cluster.connectionPoolBuilder.build');
  expectFunction(cluster.brokerPool?.createBroker, 'cluster.brokerPool.createBroker');
  const connectionPool = await cluster.connectionPoolBuilder.build(nowhere);
  const connection = connectionPool?.pool?.[0];
  expectFunction(
    connection?.requestQueue?.scheduleCheckPendingRequests,
    'requestQueue.scheduleCheckPendingRequests',
  );
  if (!Array.isArray(connection?.requestQueue.pending))
    throw unsupported('requestQueue.pending, an array', 'none');
  if (!/^\d+$/.test(String(connection.sessionLifetime))) {
    throw unsupported('connection.sessionLifetime, a number', String(connection.sessionLifetime));
  }
  const broker = cluster.brokerPool.createBroker({ connectionPool, logger: cluster.rootLogger });
  expectFunction(broker?.connect, 'broker.connect');
  if (broker.versions !== null)
    throw unsupported('broker.versions, null before connect()', typeof broker.versions);
}

function expectFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw unsupported(`${name}, a function`, typeof value);
}

function unsupported(expected: string, found: string): MillraceError {
  return new MillraceError(
    'UNSUPPORTED_CLIENT',
    'the installed kafkajs is not the one millrace was built on',
    {
      expected,
      found,
      next: `Install kafkajs ${builtOn} exactly (npm install kafkajs@${builtOn} --save-exact), or remove what replaces it.`,
    },
  );
}
