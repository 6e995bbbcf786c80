import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, it } from 'vitest';
import type { KafkaConfig } from '../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { roundTrip } from './roundTrip.ts';
import { canary, tell } from './secrets.ts';
import { alice, type SecuredKafka } from './securedKafka.ts';

type Given = (secured: SecuredKafka) => Partial<KafkaConfig>;

const trusting = ({ authority }: SecuredKafka): { ssl: { ca: string } } => ({ ssl: { ca: authority.file } });

const ways: readonly (readonly [name: string, listener: string, given: Given])[] = [
  ['PLAIN', 'SASL', () => ({ sasl: alice.plain })],
  ['SCRAM-SHA-256', 'SASL', () => ({ sasl: alice.sha256 })],
  ['SCRAM-SHA-512', 'SASL', () => ({ sasl: alice.sha512 })],
  ['OAUTHBEARER', 'SASL', () => ({ sasl: alice.token })],
  ['PLAIN over TLS', 'SASLTLS', (secured) => ({ ...trusting(secured), sasl: alice.plain })],
  ['SCRAM-SHA-256 over TLS', 'SASLTLS', (secured) => ({ ...trusting(secured), sasl: alice.sha256 })],
  ['SCRAM-SHA-512 over TLS', 'SASLTLS', (secured) => ({ ...trusting(secured), sasl: alice.sha512 })],
  ['OAUTHBEARER over TLS', 'SASLTLS', (secured) => ({ ...trusting(secured), sasl: alice.token })],
  ['TLS, the authority as a file', 'TLS', trusting],
  [
    'TLS, the authority as PEM',
    'TLS',
    ({ authority }) => ({ ssl: { ca: readFileSync(authority.file, 'utf8') } }),
  ],
  [
    'a client certificate',
    'MTLS',
    ({ authority, worker }) => ({ ssl: { ca: authority.file, cert: worker.cert, key: worker.key } }),
  ],
  [
    'a client certificate whose key has a passphrase',
    'MTLS',
    ({ authority, worker }) => {
      const passphrase = `${canary}-passphrase`;
      const key = authority.encrypted(worker.key, passphrase);
      return { ssl: { ca: authority.file, cert: worker.cert, key, passphrase } };
    },
  ],
];

/** Everything a worker does, for each way to prove who one is. */
export function letIn(secured: () => SecuredKafka): void {
  describe('lets in by', () => {
    it.each(ways)('%s: topics, records, a group and a transaction', async (_, listener, given) => {
      const transport = secured().transport(listener, given(secured()));
      tell(inspect(transport, { depth: Number.POSITIVE_INFINITY, showHidden: true }));
      await roundTrip(transport);
    });

    it('a name that leads to several addresses, the first of which do not answer', async () => {
      const { authority } = secured();
      const addresses = ['127.0.0.9', '127.0.0.8', '127.0.0.1'].map((address) => ({ address, family: 4 }));
      const lookup = (_: string, __: unknown, found: (error: null, addresses: object[]) => void): void =>
        found(null, addresses);
      const port = secured().cluster.listener('TLS')[0]!.split(':')[1];
      const brokers = [`localhost:${port}`];
      const ssl = { ca: authority.file, lookup: lookup as never };
      const transport = secured().transport('TLS', { brokers, ssl });
      await transport.connect();
    });
  });
}
