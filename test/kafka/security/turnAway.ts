import { describe, expect, it } from 'vitest';
import type { MillraceError } from '../../../src/errors.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { KafkaConfig } from '../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { canary, tell } from './secrets.ts';
import { alice, type SecuredKafka, unsecuredToken } from './securedKafka.ts';

interface Refusal {
  readonly listener: string;
  readonly given: (secured: SecuredKafka) => Partial<KafkaConfig>;
  readonly code?: string;
  /** Each must be in the message. */
  readonly says: readonly string[];
  /** Not worth asking twice: told at once. */
  readonly atOnce?: boolean;
}

const wrong = `${canary} wrong`;
const trusting = ({ authority }: SecuredKafka): { ssl: { ca: string } } => ({ ssl: { ca: authority.file } });

const refusals: Readonly<Record<string, Refusal>> = {
  'a wrong PLAIN password': {
    listener: 'SASL',
    given: () => ({ sasl: { ...alice.plain, password: wrong } }),
    says: ['refused the credentials', 'mechanism plain, user alice'],
  },
  'a wrong SCRAM password': {
    listener: 'SASL',
    given: () => ({ sasl: { ...alice.sha512, password: wrong } }),
    says: ['refused the credentials', 'mechanism scram-sha-512, user alice'],
  },
  'a wrong password over TLS': {
    listener: 'SASLTLS',
    given: (secured) => ({ ...trusting(secured), sasl: { ...alice.sha256, password: wrong } }),
    says: ['refused the credentials'],
  },
  'a user the broker does not know': {
    listener: 'SASL',
    given: () => ({ sasl: { ...alice.sha256, username: 'nobody' } }),
    says: ['refused the credentials', 'user nobody'],
  },
  'a mechanism that is not enabled': {
    listener: 'RENEWED',
    given: () => ({ sasl: alice.plain }),
    says: ['does not offer the SASL mechanism plain', 'sasl.enabled.mechanisms'],
  },
  'credentials where none are taken': {
    listener: 'TLS',
    given: (secured) => ({ ...trusting(secured), sasl: alice.plain }),
    says: ['does not take credentials on this port'],
  },
  'no credentials where they are wanted': {
    listener: 'SASL',
    given: () => ({}),
    code: 'BROKER_UNREACHABLE',
    says: ['expects credentials (the sasl setting)'],
    atOnce: false,
  },
  'what is no token': {
    listener: 'SASL',
    given: () => ({ sasl: { mechanism: 'oauthbearer', token: async () => `${canary}.x.y` } }),
    says: ['refused the token', 'invalid_token'],
  },
  'an expired token': {
    listener: 'SASL',
    given: () => ({ sasl: { mechanism: 'oauthbearer', token: async () => unsecuredToken('alice', -60) } }),
    says: ['refused the token', 'it is valid until 20'],
  },
  'an empty token': {
    listener: 'SASL',
    given: () => ({ sasl: { mechanism: 'oauthbearer', token: async () => '' } }),
    says: ['did not resolve with a token'],
  },
  'a function for tokens that fails': {
    listener: 'SASL',
    given: () => ({
      sasl: {
        mechanism: 'oauthbearer',
        token: () => Promise.reject(new Error(`POST https://id:${canary}@idp.example/token answered 503`)),
      },
    }),
    says: ['the function sasl.token failed', 'https://***@idp.example/token answered 503'],
    atOnce: false,
  },
  'a certificate that has expired': {
    listener: 'EXPIRED',
    given: trusting,
    says: ['TLS with broker', 'CERT_HAS_EXPIRED', 'valid today', 'Renew the certificate of the broker'],
  },
  'a certificate for another host': {
    listener: 'OTHERHOST',
    given: trusting,
    says: ['ERR_TLS_CERT_ALTNAME_INVALID', 'ssl.servername'],
  },
  'a certificate that is signed by itself': {
    listener: 'SELFSIGNED',
    given: trusting,
    says: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'Set ssl.ca'],
  },
  'a certificate from an authority that is not trusted': {
    listener: 'TLS',
    given: () => ({ ssl: true }),
    says: ['UNABLE_TO_', 'Set ssl.ca'],
  },
  'no TLS to a port for TLS': {
    listener: 'TLS',
    given: () => ({}),
    says: ['expects TLS on this port', 'Set ssl: true'],
  },
  'no TLS to a port for TLS and SASL': {
    listener: 'SASLTLS',
    given: () => ({ sasl: alice.plain }),
    says: ['expects TLS on this port'],
  },
  'TLS to a port without it': {
    listener: 'SASL',
    given: (secured) => ({ ...trusting(secured), sasl: alice.plain }),
    code: 'BROKER_UNREACHABLE',
    says: ['cannot be reached', 'this port speaks TLS'],
    atOnce: false,
  },
  'no client certificate where one is wanted': {
    listener: 'MTLS',
    given: trusting,
    says: ['a client certificate that the broker trusts', 'Set ssl.cert and ssl.key'],
  },
  'a client certificate from another authority': {
    listener: 'MTLS',
    given: ({ authority, stranger }) => ({
      ssl: { ca: authority.file, cert: stranger.cert, key: stranger.key },
    }),
    says: ['a client certificate that the broker trusts'],
  },
  'a client certificate that has expired': {
    listener: 'MTLS',
    given: ({ authority, lateWorker }) => ({
      ssl: { ca: authority.file, cert: lateWorker.cert, key: lateWorker.key },
    }),
    says: ['a client certificate that the broker trusts'],
  },
};

/** F33: every failure is an error with a code within ten seconds, and says what, where, expected, found and what to do. */
export function turnAway(secured: () => SecuredKafka): void {
  describe.concurrent('turns away', () => {
    it.each(Object.entries(refusals))('%s', async (_, refusal) => {
      const { listener, given, code = 'NOT_AUTHENTICATED', says, atOnce = true } = refusal;
      const start = systemClock.monotonic();
      // The limits are those of a user who has set none.
      const connecting = secured().transport(listener, given(secured())).connect();
      const error = await connecting.then(
        () => undefined,
        (reason: unknown) => reason as MillraceError,
      );
      tell(error);
      expect(error).toMatchObject({ code, details: { next: expect.any(String) } });
      expect(systemClock.monotonic() - start).toBeLessThan(atOnce ? 6_000 : 10_000);
      for (const words of says) expect(error!.message).toContain(words);
      const broker = secured().cluster.listener(listener)[0]!;
      const aboutBroker = !error!.message.includes('sasl.token');
      if (aboutBroker) expect(error!.message).toContain(broker);
    });
  });
}
