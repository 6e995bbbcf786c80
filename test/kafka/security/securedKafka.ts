import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { javaLines } from '../../../scripts/kafka/javaLines.ts';
import { type KafkaCluster, startKafka } from '../../../scripts/kafka/startKafka.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { KafkaConfig, KafkaSasl } from '../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { kafkaTransport } from '../../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../../../src/runtime/transport/transport.ts';
import { Authority, type CertificateFiles } from './certificates.ts';
import { canary, secrets } from './secrets.ts';

const module = (name: string): string => `org.apache.kafka.common.security.${name}LoginModule`;

/** A broker that wants to know who asks, with a listener for each way to say it. */
export interface SecuredKafka {
  readonly cluster: KafkaCluster;
  readonly authority: Authority;
  /** Of clients. */
  readonly worker: CertificateFiles;
  readonly stranger: CertificateFiles;
  readonly lateWorker: CertificateFiles;
  /** Makes ACLs, by the listener where everybody may do everything. */
  readonly admin: Admin;
  config(listener: string, more?: Partial<KafkaConfig>): KafkaConfig;
  /** Not connected yet; closed with the broker. */
  transport(listener: string, more?: Partial<KafkaConfig>): Transport;
  stop(): Promise<void>;
}

const password: string = `${canary} password`;

type Password = Extract<KafkaSasl, { username: string }>;

const withPassword = (mechanism: Password['mechanism']): Password => ({
  mechanism,
  username: 'alice',
  password,
});

/** The user of these suites, by each mechanism. */
export const alice: {
  readonly plain: Password;
  readonly sha256: Password;
  readonly sha512: Password;
  readonly token: KafkaSasl;
} = {
  plain: withPassword('plain'),
  sha256: withPassword('scram-sha-256'),
  sha512: withPassword('scram-sha-512'),
  token: { mechanism: 'oauthbearer', token: async () => unsecuredToken('alice', 60) },
};

/** ms after which the broker wants to know again who is there, at the listener RENEWED. */
export const sessionMs = 4_000;

export async function startSecuredKafka(): Promise<SecuredKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'));
  const authority = new Authority(folder);
  const elsewhere = new Authority(folder, 'another authority');
  const names = 'DNS:localhost,IP:127.0.0.1';
  const own = authority.issue('broker', { subject: '/CN=broker', names });
  const stores = {
    expired: authority.issue('expired', { subject: '/CN=broker', names, days: -1 }),
    otherhost: authority.issue('otherhost', { subject: '/CN=broker', names: 'DNS:elsewhere.example' }),
    selfsigned: authority.issue('selfsigned', { subject: '/CN=broker', names, selfSigned: true }),
  };
  const cluster = await startKafka({
    nodes: 1,
    listeners: {
      SASL: 'SASL_PLAINTEXT',
      SASLTLS: 'SASL_SSL',
      TLS: 'SSL',
      MTLS: 'SSL',
      RENEWED: 'SASL_PLAINTEXT',
      ...Object.fromEntries(Object.keys(stores).map((name) => [name.toUpperCase(), 'SSL'])),
    },
    config: {
      ...settings(),
      ...keystore('', own.keystore, authority.file),
      ...Object.assign(
        {},
        ...Object.entries(stores).map(([name, { keystore: file }]) =>
          keystore(`listener.name.${name}.`, file, authority.file),
        ),
      ),
    },
  });
  const setUp = join(import.meta.dirname, '../SetUpSecurity.java');
  for await (const line of javaLines(setUp, [cluster.brokers.join(','), password])) throw new Error(line);
  const admin = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const transports: Transport[] = [];
  const config = (listener: string, more?: Partial<KafkaConfig>): KafkaConfig => ({
    brokers: listener === 'PLAINTEXT' ? cluster.brokers : cluster.listener(listener),
    ...more,
  });
  return {
    cluster,
    authority,
    worker: authority.issue('worker', { subject: '/O=millrace/CN=worker' }),
    stranger: elsewhere.issue('stranger', { subject: '/O=millrace/CN=worker' }),
    lateWorker: authority.issue('late', { subject: '/O=millrace/CN=worker', days: -1 }),
    admin,
    config,
    transport(listener, more) {
      const transport = kafkaTransport(config(listener, more), systemClock);
      transports.push(transport);
      return transport;
    },
    async stop() {
      await Promise.allSettled(transports.map((transport) => transport.close()));
      await admin.disconnect();
      await cluster.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Nobody may do anything without an ACL but who comes over the plain listener: the tests' own back door. */
function settings(): Record<string, string | number> {
  const jaas: Record<string, string> = {};
  for (const listener of ['sasl', 'sasltls', 'renewed']) {
    const of = (mechanism: string): string => `listener.name.${listener}.${mechanism}.sasl.jaas.config`;
    jaas[of('plain')] =
      `${module('plain.Plain')} required user_admin="${password}" user_alice="${password}";`;
    jaas[of('scram-sha-256')] = `${module('scram.Scram')} required;`;
    jaas[of('scram-sha-512')] = `${module('scram.Scram')} required;`;
    jaas[of('oauthbearer')] =
      `${module('oauthbearer.OAuthBearer')} required unsecuredLoginStringClaim_sub="broker";`;
  }
  return {
    ...jaas,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.renewed.sasl.enabled.mechanisms': 'SCRAM-SHA-256,OAUTHBEARER',
    'listener.name.renewed.connections.max.reauth.ms': sessionMs,
    'listener.name.mtls.ssl.client.auth': 'required',
    'listener.name.mtls.ssl.principal.mapping.rules': 'RULE:^CN=([^,]+),O=millrace$/$1/,DEFAULT',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin;User:ANONYMOUS',
    // Sockets that are not used for so long are closed, as they are after ten minutes elsewhere.
    'connections.max.idle.ms': 4_000,
    'num.network.threads': 2,
  };
}

function keystore(prefix: string, file: string, authority: string): Record<string, string> {
  return {
    [`${prefix}ssl.keystore.type`]: 'PEM',
    [`${prefix}ssl.keystore.location`]: file,
    [`${prefix}ssl.truststore.type`]: 'PEM',
    [`${prefix}ssl.truststore.location`]: authority,
  };
}

let tokens = 0;

/** A JWT without signature, as the broker's own test handler takes it. */
export function unsecuredToken(user: string, validSeconds: number): string {
  const now = Math.floor(systemClock.now() / 1000);
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { sub: user, iat: now - 120, exp: now + validSeconds, jti: tokens++ };
  const token = `${encode({ alg: 'none' })}.${encode(claims)}.`;
  secrets.add(token);
  return token;
}
