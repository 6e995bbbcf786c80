import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { MillraceError } from '../../../errors.ts';
import { type Address, parseAddress } from './address.ts';
import type { KafkaConfig, KafkaSasl } from './kafkaConfig.ts';
import { tlsOptions } from './tlsOptions.ts';

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

function checkKeys(ssl: ConnectionOptions): void {
  try {
    createSecureContext(tlsOptions(ssl));
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('INVALID_SETTING', 'the ssl setting cannot be used', {
      // Node shows the beginning of a value that is of the wrong type, which may be a passphrase.
      ...(isOfWrongType(cause) ? { found: 'a value of another type' } : { cause }),
      expected: 'ca, cert and key as PEM or as paths of PEM files, or what else tls.connect takes',
      next: 'Check that each holds a PEM file or its path, that the passphrase is right, and that the key fits the certificate.',
    });
  }
}

function isOfWrongType(cause: unknown): boolean {
  return (cause as { code?: string }).code?.startsWith('ERR_INVALID_ARG') === true;
}

function invalid(what: string, expected: string, next: string, found?: string): MillraceError {
  return new MillraceError('INVALID_SETTING', what, { expected, found, next });
}
