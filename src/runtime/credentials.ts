import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { checkOptions, closest } from '../dsl/options.ts';
import { MillraceError } from '../errors.ts';
import type { KafkaConfig, KafkaSasl } from './transport/kafka/kafkaConfig.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Ssl = Exclude<KafkaConfig['ssl'], boolean | undefined>;

/** Of `tls.connect`, what has a meaning for a client of brokers. */
const sslNames: readonly (keyof Ssl)[] = [
  'ca',
  'cert',
  'key',
  'passphrase',
  'pfx',
  'servername',
  'rejectUnauthorized',
  'checkServerIdentity',
  'crl',
  'ciphers',
  'ecdhCurve',
  'sigalgs',
  'minVersion',
  'maxVersion',
  'secureContext',
  'secureOptions',
  'ALPNProtocols',
  'lookup',
];

const sslVariables = {
  CA: 'ca',
  CERT: 'cert',
  KEY: 'key',
  KEY_PASSPHRASE: 'passphrase',
  SERVERNAME: 'servername',
};
const saslVariables = ['MECHANISM', 'USERNAME', 'PASSWORD', 'PASSWORD_FILE', 'TOKEN_FILE'];

/**
 * How to prove who one is, and to whom: the options, or MILLRACE_SSL, MILLRACE_SSL_CA, _CERT, _KEY, _KEY_PASSPHRASE, _SERVERNAME
 * and MILLRACE_SASL_MECHANISM, _USERNAME, _PASSWORD, _PASSWORD_FILE, _TOKEN_FILE (each also as KAFKA_...). A setting that does
 * not exist is refused, also in the environment; no error shows a value that may be a secret.
 */
export function credentials(
  { ssl, sasl }: { readonly ssl?: KafkaConfig['ssl'] | undefined; readonly sasl?: KafkaSasl | undefined },
  environment: Environment,
): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  if (typeof ssl === 'object') checkOptions(ssl, sslNames, 'ssl', 'UNKNOWN_SETTING');
  checkVariables(environment);
  const usedSsl = ssl ?? sslFrom(environment);
  const usedSasl = sasl === undefined ? saslFrom(environment) : checkSasl(sasl);
  return { ...(usedSsl !== undefined && { ssl: usedSsl }), ...(usedSasl && { sasl: usedSasl }) };
}

function checkSasl(sasl: KafkaSasl): KafkaSasl {
  // As Kafka writes them: SCRAM-SHA-512.
  const mechanism = String((sasl as { mechanism?: unknown }).mechanism).toLowerCase();
  const names = mechanism === 'oauthbearer' ? ['mechanism', 'token'] : ['mechanism', 'username', 'password'];
  checkOptions(sasl, names, 'sasl', 'UNKNOWN_SETTING');
  return { ...sasl, mechanism } as KafkaSasl;
}

function sslFrom(environment: Environment): KafkaConfig['ssl'] {
  const given: Record<string, string> = {};
  for (const [variable, name] of Object.entries(sslVariables)) {
    const value = read(environment, `SSL_${variable}`);
    if (value !== undefined) given[name] = value;
  }
  const onOff = read(environment, 'SSL');
  if (onOff !== undefined && onOff !== 'true' && onOff !== 'false') {
    throw invalid('MILLRACE_SSL is neither true nor false', 'true or false', 'Correct it.');
  }
  if (onOff === 'false') return false;
  return Object.keys(given).length > 0 ? given : onOff === 'true' ? true : undefined;
}

function saslFrom(environment: Environment): KafkaSasl | undefined {
  const [mechanism, username, password, passwordFile, tokenFile] = saslVariables.map((name) =>
    read(environment, `SASL_${name}`),
  );
  if (mechanism === undefined) {
    if ((username ?? password ?? passwordFile ?? tokenFile) === undefined) return undefined;
    throw invalid(
      'there are credentials in the environment, but no MILLRACE_SASL_MECHANISM',
      'plain, scram-sha-256, scram-sha-512 or oauthbearer',
      'Set MILLRACE_SASL_MECHANISM as well.',
    );
  }
  if (mechanism.toLowerCase() === 'oauthbearer') {
    if (tokenFile === undefined) {
      throw invalid(
        'MILLRACE_SASL_MECHANISM is oauthbearer, and there is no token',
        'MILLRACE_SASL_TOKEN_FILE, the path of a file that always holds a valid token',
        'Set it, or give sasl with a token function to app().',
      );
    }
    return { mechanism: 'oauthbearer', token: async () => (await readFile(tokenFile, 'utf8')).trim() };
  }
  const secret = password ?? (passwordFile === undefined ? undefined : secretIn(passwordFile));
  return checkSasl({ mechanism, username, password: secret } as KafkaSasl);
}

function secretIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new MillraceError('INVALID_SETTING', 'the file of MILLRACE_SASL_PASSWORD_FILE cannot be read', {
      cause,
      next: 'Correct the path, and check that this user may read the file.',
    });
  }
}

/** An empty variable counts as none: compose files and charts set them so. */
function read(environment: Environment, name: string): string | undefined {
  return environment[`MILLRACE_${name}`] || environment[`KAFKA_${name}`] || undefined;
}

function checkVariables(environment: Environment): void {
  const known = [
    ...Object.keys(sslVariables).map((name) => `MILLRACE_SSL_${name}`),
    ...saslVariables.map((name) => `MILLRACE_SASL_${name}`),
  ];
  for (const name of Object.keys(environment)) {
    if (!/^MILLRACE_(SSL|SASL)_/.test(name) || known.includes(name)) continue;
    const meant = closest(name, known);
    throw new MillraceError('UNKNOWN_SETTING', `there is no setting ${name}`, {
      expected: known.join(', '),
      found: name,
      next: meant === undefined ? `Remove ${name} from the environment.` : `Did you mean '${meant}'?`,
    });
  }
}

function invalid(what: string, expected: string, next: string): MillraceError {
  return new MillraceError('INVALID_SETTING', what, { expected, next });
}
