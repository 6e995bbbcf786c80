import { createSecureContext } from 'node:tls';
import { MillraceError } from '../../../errors.ts';
import { type Address, parseAddress } from './address.ts';
import type { KafkaConfig, KafkaSasl } from './kafkaConfig.ts';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'];

/** INVALID_SETTING for what cannot work whatever the brokers say, without showing a secret; else the addresses to begin with. */
export function checkConfig({ brokers, ssl, sasl }: KafkaConfig): readonly Address[] {
  if (brokers.length === 0) {
    throw invalid(
      'there is no broker to connect to',
      'at least one host:port',
      'Set brokers, for example localhost:9092.',
    );
  }
  if (typeof ssl === 'object') checkKeys(ssl);
  if (sasl !== undefined) checkSasl(sasl);
  return brokers.map(parseAddress);
}

function checkSasl(sasl: KafkaSasl): void {
  const { mechanism } = sasl;
  const next = 'Correct the sasl setting.';
  if (!mechanisms.includes(mechanism)) {
    throw invalid(
      'the sasl mechanism is not one of those there are',
      mechanisms.join(', '),
      next,
      JSON.stringify(mechanism),
    );
  }
  if (sasl.mechanism === 'oauthbearer') {
    if (typeof sasl.token !== 'function') {
      throw invalid('sasl.token is no function', 'a function that resolves with a token', next);
    }
    return;
  }
  for (const name of ['username', 'password'] as const) {
    if (typeof sasl[name] === 'string' && sasl[name] !== '') continue;
    throw invalid(`sasl.${name} is missing`, 'a text that is not empty', next, typeof sasl[name]);
  }
}

function checkKeys(ssl: object): void {
  try {
    createSecureContext(ssl);
  } catch (cause) {
    throw new MillraceError('INVALID_SETTING', 'the ssl setting cannot be used', {
      cause,
      expected: 'ca, cert and key in PEM, or what else tls.connect takes',
      next: 'Check that each holds the contents of its file, not its path, and that the key fits the certificate.',
    });
  }
}

function invalid(what: string, expected: string, next: string, found?: string): MillraceError {
  return new MillraceError('INVALID_SETTING', what, { expected, found, next });
}
