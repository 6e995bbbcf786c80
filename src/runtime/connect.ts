import { MillraceError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { credentials } from './credentials.ts';
import type { EmbeddedBroker } from './transport/embedded/embeddedBroker.ts';
import { checkConfig } from './transport/kafka/checkConfig.ts';
import type { KafkaConfig } from './transport/kafka/kafkaConfig.ts';
import type { Transport } from './transport/transport.ts';

/** Which broker to use: `brokers` for Apache Kafka, `broker` for an embedded one that several parts of a process share. */
export interface ConnectOptions {
  /** 'host:port', several separated by commas or as a list. MILLRACE_BROKERS, KAFKA_BROKERS. */
  readonly brokers?: string | readonly string[] | undefined;
  /** An embedded broker of this process. Default where no brokers are given: one kept in .millrace/topics.db. */
  readonly broker?: EmbeddedBroker | undefined;
  /**
   * true: TLS with the system's authorities; else ca, cert, key (PEM, or paths of PEM files), passphrase, servername and other
   * options of `tls.connect`. MILLRACE_SSL, MILLRACE_SSL_CA, _CERT, _KEY, _KEY_PASSPHRASE, _SERVERNAME.
   */
  readonly ssl?: KafkaConfig['ssl'] | undefined;
  /**
   * `{ mechanism: 'scram-sha-512', username, password }` (or 'plain', 'scram-sha-256'), or `{ mechanism: 'oauthbearer', token }`,
   * a function that is called again before a token expires. MILLRACE_SASL_MECHANISM, _USERNAME, _PASSWORD or _PASSWORD_FILE,
   * _TOKEN_FILE.
   */
  readonly sasl?: KafkaConfig['sasl'] | undefined;
  /** Shown in the broker's logs and quotas; default the application's id. */
  readonly clientId?: string | undefined;
  /** Where this process runs, as brokers name it in broker.rack: it reads from replicas there, and standbys are on other racks than their tasks. MILLRACE_RACK. */
  readonly rack?: string | undefined;
}

export const connectNames: readonly (keyof ConnectOptions)[] = [
  'brokers',
  'broker',
  'ssl',
  'sasl',
  'clientId',
  'rack',
];

const defaultFile = '.millrace/topics.db';

/** Gives every caller a connection of its own. The Kafka client is only loaded when it is needed. */
export type Connect = (clientId: string) => Promise<Transport>;

type Environment = Readonly<Record<string, string | undefined>>;

function brokersSet({ brokers }: ConnectOptions, environment: Environment): ConnectOptions['brokers'] {
  return brokers ?? environment['MILLRACE_BROKERS'] ?? environment['KAFKA_BROKERS'];
}

/** Where this process runs; undefined where nobody says. */
export function rackOf({ rack }: ConnectOptions, environment: Environment): string | undefined {
  return rack ?? environment['MILLRACE_RACK'];
}

/** Whether connector() connects to Apache Kafka. */
export function hasBrokers(options: ConnectOptions, environment: Environment): boolean {
  return brokersSet(options, environment) !== undefined;
}

export function connector(options: ConnectOptions, environment: Environment, clock: Clock): Connect {
  const { broker } = options;
  if (broker !== undefined) return async (clientId) => broker.transport(options.clientId ?? clientId);
  const brokers = brokerList(brokersSet(options, environment));
  const identity = credentials(options, environment);
  if (brokers === undefined) {
    if (identity.ssl !== undefined || identity.sasl !== undefined) throw nobodyToShowThemTo();
    return async (clientId) => {
      const { embeddedBroker } = await import('./transport/embedded/embeddedBroker.ts');
      const own = { storage: { file: defaultFile }, clock, closesWithClients: true };
      return embeddedBroker(own).transport(clientId);
    };
  }
  checkConfig({ brokers, ...identity });
  const rack = rackOf(options, environment);
  return async (clientId) => {
    const { kafkaTransport } = await import('./transport/kafka/kafkaTransport.ts');
    return kafkaTransport({ brokers, rack, clientId: options.clientId ?? clientId, ...identity }, clock);
  };
}

function nobodyToShowThemTo(): MillraceError {
  return new MillraceError('INVALID_SETTING', 'there are ssl or sasl settings, but no brokers', {
    expected: "brokers: 'host:port', or MILLRACE_BROKERS",
    next: 'Set the brokers; for the embedded broker, leave ssl and sasl out.',
  });
}

function brokerList(brokers: string | readonly string[] | undefined): readonly string[] | undefined {
  if (brokers === undefined) return undefined;
  const list = typeof brokers === 'string' ? brokers.split(',').map((broker) => broker.trim()) : brokers;
  if (list.length > 0) return list;
  throw new MillraceError('INVALID_SETTING', 'The setting brokers cannot be used', {
    expected: "'host:port', or several of them",
    found: 'an empty list',
    next: "Write it as in brokers: 'localhost:9092'.",
  });
}
