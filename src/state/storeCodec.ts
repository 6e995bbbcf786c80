import type { AnyCodec, Encoded, StoreSpec } from '../dsl/node.ts';
import { type ErrorCode, MillraceError } from '../errors.ts';

/** A primitive that stands for a key in a Map: equal exactly when the encoded keys are. */
export type Identity = string | number;

/** What state needs of the codecs of one store. Failures name the store. */
export interface StoreCodec {
  identify(key: unknown): Identity;
  encodeKey(key: unknown): Encoded;
  decodeKey(encoded: Encoded): unknown;
  /** The same as `identify` gives for the decoded key, without decoding it where that can be avoided. */
  identifyEncoded(encoded: Encoded): Identity;
  encodeValue(value: unknown): Encoded;
  decodeValue(encoded: Encoded): unknown;
}

export function storeCodec(store: string, spec: StoreSpec): StoreCodec {
  const { key, value } = spec;
  const failed = (code: ErrorCode, what: string, next: string): ((cause: unknown) => never) => {
    return (cause) => {
      throw new MillraceError(code, `${what} of store ${store} cannot be ${verbs[code]}`, {
        step: store,
        cause,
        next,
      });
    };
  };
  const keyUnencodable = failed('ENCODE_FAILED', `a key (codec ${key.name})`, encodeAdvice);
  const valueUnencodable = failed('ENCODE_FAILED', `a value (codec ${value.name})`, encodeAdvice);
  const keyUndecodable = failed('DECODE_FAILED', `a key (codec ${key.name})`, decodeAdvice);
  const valueUndecodable = failed('DECODE_FAILED', `a value (codec ${value.name})`, decodeAdvice);
  const encodeKey = guarded((from: unknown) => wellFormed(key.encode(from)), keyUnencodable);
  const decodeKey = guarded((from: Encoded) => decode(key, from), keyUndecodable);
  const identity = key.identity;
  return {
    identify: guarded(identity ?? byEncoding(key), keyUnencodable),
    encodeKey,
    decodeKey,
    identifyEncoded: identity === undefined ? identityOf : (encoded) => identity(decodeKey(encoded)),
    encodeValue: guarded((from: unknown) => value.encode(from) as Encoded, valueUnencodable),
    decodeValue: guarded((from: Encoded) => decode(value, from), valueUndecodable),
  };
}

const verbs: Partial<Record<ErrorCode, string>> = { ENCODE_FAILED: 'written', DECODE_FAILED: 'read back' };
const encodeAdvice = 'Give the store a codec that takes every key and value this step makes.';
const decodeAdvice =
  'If the codec of this store was changed, change it back, or reset the application to build its state anew.';

/** Text stands for itself, as it will come back from UTF-8: that has no lone surrogates. */
function byEncoding(key: AnyCodec): (value: unknown) => Identity {
  if (key.format === 'text') return (value) => key.encode(value).toWellFormed();
  return (value) => key.encode(value).toString('latin1');
}

export function identityOf(encoded: Encoded): Identity {
  return typeof encoded === 'string' ? encoded : encoded.toString('latin1');
}

/** Text as it comes back from UTF-8: without lone surrogates. */
export function wellFormed(encoded: Encoded): Encoded {
  return typeof encoded === 'string' ? encoded.toWellFormed() : encoded;
}

function decode(codec: AnyCodec, encoded: Encoded): unknown {
  return codec.format === 'text' ? codec.decode(encoded as string) : codec.decode(encoded as Buffer);
}

function guarded<A, B>(run: (from: A) => B, fail: (cause: unknown) => never): (from: A) => B {
  return (from) => {
    try {
      return run(from);
    } catch (cause) {
      return fail(cause);
    }
  };
}
