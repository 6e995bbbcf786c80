import { MillraceError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { EmbeddedBroker } from './transport/embedded/embeddedBroker.ts';
import type { KafkaConfig } from './transport/kafka/kafkaConfig.ts';
import type { Transport } from './transport/transport.ts';

/** Which broker to use: `brokers` for Apache Kafka, `broker` for an embedded one that several parts of a process share. */
export interface ConnectOptions {
  /** 'host:port', several separated by commas or as a list. MILLRACE_BROKERS, KAFKA_BROKERS. */
  readonly brokers?: string | readonly string[] | undefined;
  /** An embedded broker of this process. Default where no brokers are given: one kept in .millrace/topics.db. */
  readonly broker?: EmbeddedBroker | undefined;
  readonly ssl?: KafkaConfig['ssl'] | undefined;
  readonly sasl?: KafkaConfig['sasl'] | undefined;
  /** Shown in the broker's logs and quotas; default the application's id. */
  readonly clientId?: string | undefined;
}

export const connectNames: readonly (keyof ConnectOptions)[] = [
  'brokers',
  'broker',
  'ssl',
  'sasl',
  'clientId',
];

const defaultFile = '.millrace/topics.db';

/** Gives every caller a connection of its own. The Kafka client is only loaded when it is needed. */
export type Connect = (clientId: string) => Promise<Transport>;

export function connector(
  options: ConnectOptions,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Connect {
  const { broker, ssl, sasl } = options;
  if (broker !== undefined) return async (clientId) => broker.transport(options.clientId ?? clientId);
  const brokers = brokerList(
    options.brokers ?? environment['MILLRACE_BROKERS'] ?? environment['KAFKA_BROKERS'],
  );
  if (brokers === undefined) {
    return async (clientId) => {
      const { embeddedBroker } = await import('./transport/embedded/embeddedBroker.ts');
      const own = { storage: { file: defaultFile }, clock, closesWithClients: true };
      return embeddedBroker(own).transport(clientId);
    };
  }
  return async (clientId) => {
    const { kafkaTransport } = await import('./transport/kafka/kafkaTransport.ts');
    const config = { brokers, clientId: options.clientId ?? clientId };
    return kafkaTransport({ ...config, ...(ssl && { ssl }), ...(sasl && { sasl }) }, clock);
  };
}

function brokerList(brokers: string | readonly string[] | undefined): readonly string[] | undefined {
  if (brokers === undefined) return undefined;
  const list = typeof brokers === 'string' ? brokers.split(',').map((broker) => broker.trim()) : brokers;
  const bad = list.find((broker) => !/^.+:\d{1,5}$/.test(broker));
  if (list.length > 0 && bad === undefined) return list;
  throw new MillraceError('INVALID_SETTING', 'The setting brokers cannot be used', {
    expected: "'host:port', or several of them",
    found: bad ?? 'an empty list',
    next: "Write it as in brokers: 'localhost:9092'.",
  });
}
