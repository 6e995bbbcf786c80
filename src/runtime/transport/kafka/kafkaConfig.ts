import type { ConnectionOptions } from 'node:tls';

/** How to reach a Kafka cluster. */
export interface KafkaConfig {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** Shown in the broker's logs, metrics and quotas. Default `millrace`. */
  readonly clientId?: string;
  /**
   * true: TLS with the system's authorities; an object: options of `tls.connect` (ca, cert, key, passphrase, servername), where
   * ca, cert and key are PEM or the paths of PEM files.
   */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: KafkaSasl;
  /** Where this client is, as in `broker.rack`: records come from a replica there if the brokers have a `replica.selector.class`. */
  readonly rack?: string | undefined;
  /** ms to find a broker that answers, and to open any further connection. Default 8 000: what is wrong is told within ten seconds. */
  readonly connectTimeoutMs?: number;
  /** ms to wait for an answer. Default 30 000. */
  readonly requestTimeoutMs?: number;
  /** ms after which what is known of a topic is looked up again: partitions that were added are noticed by then. Default 300 000. */
  readonly metadataMaxAgeMs?: number;
  /** 0 <= x < 1, for the jitter of repeated attempts. The simulator and tests inject their own. */
  readonly random?: () => number;
}

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> };
