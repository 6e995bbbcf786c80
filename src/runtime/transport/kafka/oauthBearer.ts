import { MillraceError } from '../../../errors.ts';
import { claimsOf } from './claimsOf.ts';
import { Decoder } from './protocol/decoder.ts';
import { Encoder } from './protocol/encoder.ts';
import { redacted } from './redacted.ts';
import { RequestLost } from './requestLost.ts';

/** One step of a SASL mechanism, in kafkajs's shape: bytes with their length before them, both ways. */
type SaslAuthenticate = (step: {
  request: { encode: () => Buffer };
  response: { decode: (raw: Buffer) => Buffer; parse: (data: Buffer) => string };
}) => Promise<unknown>;

/**
 * OAUTHBEARER (RFC 7628). kafkajs has it too, but overlooks the broker's refusal, which comes as a challenge: the connection
 * then ends with the next request, and nobody knows why.
 */
export async function oauthBearer(
  broker: string,
  token: () => Promise<string>,
  saslAuthenticate: SaslAuthenticate,
): Promise<void> {
  const value = await tokenFrom(token);
  const initial = Buffer.from(`n,,\u0001auth=Bearer ${value}\u0001\u0001`);
  const challenge = await saslAuthenticate({
    request: { encode: () => new Encoder().bytes(initial).toBuffer() },
    response: { decode: (raw) => raw, parse: (data) => new Decoder(data).bytes().toString() },
  });
  if (challenge === '' || challenge === undefined) return;
  const { exp } = claimsOf(value);
  const until = exp === undefined ? '' : `; the token says it is valid until ${instant(exp)}`;
  throw new MillraceError('NOT_AUTHENTICATED', `broker ${broker} refused the token`, {
    expected: 'a token that is valid now, for this broker and its scope',
    found: `${String(challenge).replaceAll(value, '***')}${until}`,
    next: 'Check what sasl.token resolves with: issuer, audience, scope and expiry.',
  });
}

async function tokenFrom(token: () => Promise<string>): Promise<string> {
  let value: unknown;
  try {
    value = await token();
  } catch (cause) {
    // Worth another attempt later: whoever hands out tokens may be down for a moment.
    throw new RequestLost('NOT_AUTHENTICATED', 'the function sasl.token failed', false, {
      cause: withoutCredentials(cause),
      next: 'Look at the cause; the function has to resolve with a token.',
    });
  }
  // Bytes beside those of RFC 6750 would end the token early, or the message.
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value;
  throw new MillraceError('NOT_AUTHENTICATED', 'the function sasl.token did not resolve with a token', {
    expected: 'a text of printable characters, without spaces',
    found:
      typeof value === 'string'
        ? `a text of ${value.length} characters that are not all of these`
        : typeof value,
    next: 'Have sasl.token resolve with the token alone: no "Bearer", no line break.',
  });
}

/** The error itself where it holds no address with a password; else its message, without it. */
function withoutCredentials(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const hides = [cause.message, cause.stack ?? ''].every((text) => redacted(text) === text);
  return hides ? cause : new Error(redacted(cause.message));
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString();
}
