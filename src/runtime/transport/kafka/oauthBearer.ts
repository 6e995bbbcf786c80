import { MillraceError } from '../../../errors.ts';
import { Decoder } from './protocol/decoder.ts';
import { Encoder } from './protocol/encoder.ts';
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
  token: () => Promise<string>,
  saslAuthenticate: SaslAuthenticate,
): Promise<void> {
  const value = await token().catch((cause: unknown) => {
    // Worth another attempt later: whoever hands out tokens may be down for a moment.
    throw new RequestLost('NOT_AUTHENTICATED', 'the function sasl.token failed', false, {
      cause,
      next: 'Look at the cause; the function has to resolve with a token.',
    });
  });
  const initial = Buffer.from(`n,,\u0001auth=Bearer ${value}\u0001\u0001`);
  const challenge = await saslAuthenticate({
    request: { encode: () => new Encoder().bytes(initial).toBuffer() },
    response: { decode: (raw) => raw, parse: (data) => new Decoder(data).bytes().toString() },
  });
  if (challenge === '' || challenge === undefined) return;
  throw new MillraceError('NOT_AUTHENTICATED', 'the broker refused the token', {
    found: String(challenge),
    next: 'Check that sasl.token resolves with a token that is valid now, for this broker and its scope.',
  });
}
