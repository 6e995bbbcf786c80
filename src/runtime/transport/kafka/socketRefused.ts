import { MillraceError } from '../../../errors.ts';
import type { Address } from './address.ts';
import type { Dialled } from './dial.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { RequestLost } from './requestLost.ts';

/** kafkajs's words for why a socket did not come to be, in ours: which broker, what was found, what to do. */
export function socketRefused(
  error: unknown,
  dialled: Dialled | undefined,
  to: Address,
  config: KafkaConfig,
): MillraceError {
  if (error instanceof MillraceError) return error;
  const { name, type, code } = error as { name?: string; type?: string; code?: string };
  const broker = `${to.host}:${to.port}`;
  if (type === 'UNSUPPORTED_SASL_MECHANISM') return mechanismIsOff(error, broker, config);
  if (type === 'ILLEGAL_SASL_STATE') return noCredentialsWanted(error, broker);
  // A refusal is answered before the broker hangs up; kafkajs calls a broker that ends in the middle a refusal, too.
  if (name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED') {
    if (dialled?.hasEnded() !== true) return wrongCredentials(error, broker, config);
  }
  const advice = code === undefined ? undefined : tlsAdvice(code);
  if (advice !== undefined) return tlsFailed(error, broker, code!, advice);
  if (dialled?.expectsTls() === true) return tlsIsWanted(error, broker);
  return new RequestLost('BROKER_UNREACHABLE', `broker ${broker} cannot be reached`, false, {
    cause: error,
    ...(code !== undefined && { found: code }),
    next:
      config.ssl === undefined || config.ssl === false
        ? 'Check the address, that the broker runs, and whether it expects TLS (the ssl setting).'
        : 'Check the address, that the broker runs, and that this port speaks TLS.',
  });
}

function wrongCredentials(cause: unknown, broker: string, { sasl }: KafkaConfig): MillraceError {
  const user = sasl !== undefined && sasl.mechanism !== 'oauthbearer' ? `, user ${sasl.username}` : '';
  return new MillraceError('NOT_AUTHENTICATED', `broker ${broker} refused the credentials`, {
    cause,
    expected: 'a user and password that the broker knows for this mechanism',
    found: `mechanism ${sasl?.mechanism}${user}`,
    next: 'Check the sasl setting: mechanism, username and password.',
  });
}

function mechanismIsOff(cause: unknown, broker: string, { sasl }: KafkaConfig): MillraceError {
  return new MillraceError(
    'NOT_AUTHENTICATED',
    `broker ${broker} does not offer the SASL mechanism ${sasl?.mechanism}`,
    {
      cause,
      expected: 'one of sasl.enabled.mechanisms of the broker',
      found: `mechanism ${sasl?.mechanism}`,
      next: 'Set sasl.mechanism to one that the broker has enabled on this listener, or enable it there.',
    },
  );
}

function noCredentialsWanted(cause: unknown, broker: string): MillraceError {
  return new MillraceError('NOT_AUTHENTICATED', `broker ${broker} does not take credentials on this port`, {
    cause,
    expected: 'a listener with SASL',
    found: 'one without',
    next: 'Connect to the port of the listener with SASL, or leave the sasl setting out.',
  });
}

function tlsFailed(cause: unknown, broker: string, code: string, [expected, next]: Advice): MillraceError {
  return new MillraceError('NOT_AUTHENTICATED', `TLS with broker ${broker} came to nothing`, {
    cause,
    expected,
    found: code,
    next,
  });
}

function tlsIsWanted(cause: unknown, broker: string): MillraceError {
  return new MillraceError('NOT_AUTHENTICATED', `broker ${broker} expects TLS on this port`, {
    cause,
    expected: 'a port without TLS, for there is no ssl setting',
    found: 'an answer in TLS',
    next: 'Set ssl: true, or ssl with the ca of the broker; or connect to the port of a listener without TLS.',
  });
}

type Advice = readonly [expected: string, next: string];

const untrusted: Advice = [
  'a certificate of the broker from an authority that is trusted here',
  'Set ssl.ca to the certificate of the authority that signed that of the broker.',
];

/** By the codes of Node and OpenSSL; the first that fits. */
const advices: readonly (readonly [code: RegExp, advice: Advice])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    [
      'a certificate of the broker that is valid today',
      'Renew the certificate of the broker (and check the clock here).',
    ],
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    [
      'a certificate of the broker that is valid today',
      'Check the clock here, and the certificate of the broker.',
    ],
  ],
  [
    /^(ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH)/,
    [
      'a certificate of the broker for the host that is connected to',
      'Connect by a name that is in the certificate, set ssl.servername to one, or have that host added to the certificate.',
    ],
  ],
  [/^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE)/, untrusted],
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_HANDSHAKE_FAILURE/,
    [
      'a client certificate that the broker trusts',
      'Set ssl.cert and ssl.key to a certificate from an authority that the broker trusts (ssl.truststore of the broker).',
    ],
  ],
  [
    /ALERT_(CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNKNOWN_CA|ACCESS_DENIED)/,
    [
      'a client certificate that the broker trusts and that is valid today',
      'Renew the certificate of ssl.cert, or have it signed by an authority that the broker trusts.',
    ],
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    ['a port that speaks TLS', 'Leave the ssl setting out, or connect to the port of a listener with TLS.'],
  ],
  [
    /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO$)/,
    ['a TLS connection', 'Check the ssl setting (ca, cert, key) against the listener of the broker.'],
  ],
];

function tlsAdvice(code: string): Advice | undefined {
  return advices.find(([pattern]) => pattern.test(code))?.[1];
}
