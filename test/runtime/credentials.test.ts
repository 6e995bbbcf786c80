import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AppOptions, app, stream, text, to } from '../../src/index.ts';
import { credentials } from '../../src/runtime/credentials.ts';
import type { KafkaConfig } from '../../src/runtime/transport/kafka/kafkaConfig.ts';
import { tempFolder } from '../kit/tempFolder.ts';

const sinks = [stream('a', { key: text, value: text }).pipe(to('b'))];
const brokers = 'localhost:9092';

function secretFile(content: string): string {
  const file = join(tempFolder(), 'secret');
  writeFileSync(file, content);
  return file;
}

describe('credentials', () => {
  it('come from the environment where no option is given', () => {
    expect(
      credentials(
        {},
        {
          MILLRACE_SSL_CA: '/etc/kafka/ca.pem',
          MILLRACE_SSL_CERT: '/etc/kafka/own.pem',
          MILLRACE_SSL_KEY: '/etc/kafka/own.key',
          MILLRACE_SSL_KEY_PASSPHRASE: 's3cret',
          MILLRACE_SSL_SERVERNAME: 'kafka',
          MILLRACE_SASL_MECHANISM: 'SCRAM-SHA-512',
          MILLRACE_SASL_USERNAME: 'alice',
          MILLRACE_SASL_PASSWORD: 's3cret',
        },
      ),
    ).toEqual({
      ssl: {
        ca: '/etc/kafka/ca.pem',
        cert: '/etc/kafka/own.pem',
        key: '/etc/kafka/own.key',
        passphrase: 's3cret',
        servername: 'kafka',
      },
      sasl: { mechanism: 'scram-sha-512', username: 'alice', password: 's3cret' },
    });
  });

  it.each<[string, Record<string, string>, KafkaConfig['ssl']]>([
    ['true', { MILLRACE_SSL: 'true' }, true],
    ['false, whatever else there is', { MILLRACE_SSL: 'false', MILLRACE_SSL_CA: 'ca.pem' }, false],
    ['a certificate', { MILLRACE_SSL: 'true', MILLRACE_SSL_CA: 'ca.pem' }, { ca: 'ca.pem' }],
    ['nothing, for an empty variable', { MILLRACE_SSL: '', MILLRACE_SSL_CA: '' }, undefined],
    ["the variables of other tools' users", { KAFKA_SSL_CA: 'ca.pem' }, { ca: 'ca.pem' }],
    ["its own before other tools'", { KAFKA_SSL: 'true', MILLRACE_SSL: 'false' }, false],
  ])('read TLS: %s', (_, environment, ssl) => {
    expect(credentials({}, environment).ssl).toEqual(ssl);
  });

  it('prefer options to the environment', () => {
    const environment = { MILLRACE_SSL_CA: 'ca.pem', MILLRACE_SASL_MECHANISM: 'plain' };
    const sasl = { mechanism: 'plain', username: 'bob', password: 'b' } as const;
    expect(credentials({ ssl: true, sasl }, environment)).toEqual({ ssl: true, sasl });
  });

  it('read a password from its file, without the line break at its end', () => {
    const { sasl } = credentials(
      {},
      {
        MILLRACE_SASL_MECHANISM: 'plain',
        MILLRACE_SASL_USERNAME: 'alice',
        MILLRACE_SASL_PASSWORD_FILE: secretFile(' pass word\n'),
      },
    );
    expect(sasl).toEqual({ mechanism: 'plain', username: 'alice', password: ' pass word' });
  });

  it('read a token from its file anew each time', async () => {
    const file = secretFile('one\n');
    const { sasl } = credentials({}, { KAFKA_SASL_MECHANISM: 'OAUTHBEARER', KAFKA_SASL_TOKEN_FILE: file });
    const { token } = sasl as { token: () => Promise<string> };
    expect(await token()).toBe('one');
    writeFileSync(file, 'two');
    expect(await token()).toBe('two');
  });

  it.each<[string, Record<string, string>, string]>([
    ['MILLRACE_SASL_PASWORD', { MILLRACE_SASL_PASWORD: 's3cret' }, "Did you mean 'MILLRACE_SASL_PASSWORD'?"],
    ['MILLRACE_SSL_CAFILE', { MILLRACE_SSL_CAFILE: 'ca.pem' }, "Did you mean 'MILLRACE_SSL_CA'?"],
    ['a password without a mechanism', { MILLRACE_SASL_PASSWORD: 's3cret' }, 'MILLRACE_SASL_MECHANISM'],
    ['a token without its file', { MILLRACE_SASL_MECHANISM: 'oauthbearer' }, 'MILLRACE_SASL_TOKEN_FILE'],
    ['something else than true', { MILLRACE_SSL: 'yes' }, 'true or false'],
  ])('refuse in the environment: %s', (_, environment, words) => {
    expect(() => credentials({}, environment)).toThrow(words);
    expect(() => credentials({}, environment)).not.toThrow('s3cret');
  });
});

describe('app()', () => {
  it.each<[string, Partial<AppOptions>, string]>([
    ['ssl.pasphrase', { ssl: { pasphrase: 's3cret' } as never }, "Did you mean 'passphrase'?"],
    ['sasl.user', { sasl: { mechanism: 'plain', usernam: 'a', password: 's3cret' } as never }, "'username'?"],
    [
      'a password beside a token',
      { sasl: { mechanism: 'oauthbearer', token: async () => '', password: 's3cret' } as never },
      "sasl has no option 'password'",
    ],
    [
      'a mechanism there is not',
      { sasl: { mechanism: 'gssapi', username: 'a', password: 's3cret' } as never },
      'oauthbearer',
    ],
    ['a file that is not there', { ssl: { ca: '/nowhere/ca.pem' } }, 'no file /nowhere/ca.pem'],
    ['a broker without a port', { brokers: 'localhost' }, 'host:port'],
    ['a broker with a password', { brokers: 'alice:s3cret@localhost:9092' }, '***@localhost:9092'],
    ['no broker at all', { brokers: [] }, 'an empty list'],
    ['credentials for no broker', { brokers: undefined, ssl: true }, 'no brokers'],
  ])('refuses while it is described: %s', (_, options, words) => {
    const describing = () => app('a', { sinks, brokers, ...options });
    expect(describing).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(INVALID|UNKNOWN)_SETTING$/) }),
    );
    expect(describing).toThrow(words);
    expect(describing).not.toThrow('s3cret');
  });
});
