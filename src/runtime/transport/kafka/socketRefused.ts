import { MillraceError } from '../../../errors.ts';
import type { Address } from './address.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { RequestLost } from './requestLost.ts';

const refusedTypes = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);
const certificateCodes =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_SSL_.*(ALERT|CERT))/;

/**
 * kafkajs's words for why a socket did not come to be, in ours. `hasEnded`: the broker hung up. kafkajs calls that a failed
 * authentication when it happens in the middle of one; a refusal is answered before the broker hangs up.
 */
export function socketRefused(
  error: unknown,
  hasEnded: boolean,
  to: Address,
  config: KafkaConfig,
): MillraceError {
  if (error instanceof MillraceError) return error;
  const { name, type, code } = error as { name?: string; type?: string; code?: string };
  const broker = `${to.host}:${to.port}`;
  const isRefusal = name === 'KafkaJSSASLAuthenticationError' || refusedTypes.has(type ?? '');
  if (isRefusal && !hasEnded) {
    return new MillraceError('NOT_AUTHENTICATED', `broker ${broker} refused the credentials`, {
      cause: error,
      found: config.sasl === undefined ? 'no sasl setting' : `mechanism ${config.sasl.mechanism}`,
      next: 'Check the sasl setting: mechanism, user name and password, or token.',
    });
  }
  if (code !== undefined && certificateCodes.test(code)) {
    return new MillraceError('NOT_AUTHENTICATED', `TLS with broker ${broker} came to nothing`, {
      cause: error,
      found: code,
      next: 'Check the ssl setting (ca, cert, key), and that the certificate of the broker is valid and names the host.',
    });
  }
  return new RequestLost('BROKER_UNREACHABLE', `broker ${broker} cannot be reached`, false, {
    cause: error,
    next:
      config.ssl === undefined || config.ssl === false
        ? 'Check the address, that the broker runs, and whether it expects TLS (the ssl setting).'
        : 'Check the address, that the broker runs, and that this port speaks TLS.',
  });
}
