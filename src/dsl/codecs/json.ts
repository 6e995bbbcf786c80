import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MillraceError } from '../../errors.ts';
import type { TextCodec } from './codec.ts';
import { jsonDanger } from './jsonSafety.ts';
import { summary } from './summary.ts';
import { validator } from './validator.ts';

/**
 * JSON. Without a schema the type is taken on trust; with a Standard Schema (zod, valibot, arktype, ...) every value is
 * validated, read and written, and its type is the schema's output.
 *
 * Reading fails with DECODE_FAILED on what is not JSON, on the JSON `null` (a missing value is a record without one), on
 * properties called `__proto__` and on half surrogate pairs; with SCHEMA_MISMATCH, naming each path, on what does not fit
 * the schema. Writing fails with ENCODE_FAILED on what JSON would silently make into something else (bytes, Map, Set,
 * Date, bigint, undefined, functions, NaN, promises) at top level and on what the schema would not read back the same:
 * a schema may coerce and fill in defaults, but what it gives it must also take. Integers beyond 2^53 lose digits, as
 * everywhere in JavaScript. As a key, the order of properties counts: other order, other key.
 *
 * @example
 * const Order = z.object({ userId: z.string(), amount: z.number() });
 * const orders = stream('orders', { key: text, value: json(Order) }); // Stream<string, { userId: string; amount: number }>
 */
export function json<T = unknown>(): TextCodec<T>;
export function json<S extends StandardSchemaV1>(schema: S): TextCodec<StandardSchemaV1.InferOutput<S>>;
export function json(...schema: unknown[]): TextCodec<unknown> {
  // An undefined that was passed is a mistake of the caller's, not a missing schema.
  if (schema.length === 0) return plain;
  const validate = validator(schema[0]);
  return Object.freeze({
    name: 'json',
    format: 'text' as const,
    encode: (value: unknown) => encodeValid(value, validate),
    decode: (source: string) => validate(read(source), 'SCHEMA_MISMATCH'),
  });
}

const plain: TextCodec<unknown> = Object.freeze({
  name: 'json',
  format: 'text' as const,
  encode: write,
  decode: read,
});

type Validate = ReturnType<typeof validator>;

/** Writes what the schema makes of the value's JSON, and only if reading it again gives the same. */
function encodeValid(value: unknown, validate: Validate): string {
  const first = serialize(value);
  const valid = validate(JSON.parse(first), 'ENCODE_FAILED');
  // A Date may pass where the schema makes a Date of its text again.
  if (isMangled(value) && kindOf(value) !== kindOf(valid)) throw unwritable(value);
  const second = serialize(valid);
  if (second === first) return second;
  const third = serialize(validate(JSON.parse(second), 'ENCODE_FAILED'));
  if (third === second) return second;
  throw new MillraceError('ENCODE_FAILED', 'A schema makes another value of what it gave itself', {
    expected: shortened(second),
    found: shortened(third),
    next: 'Keep transformations out of a schema that is used as a codec: do them in a map step behind the source.',
  });
}

function write(value: unknown): string {
  if (isMangled(value)) throw unwritable(value);
  return serialize(value);
}

function serialize(value: unknown): string {
  const text = stringify(value);
  // A toJSON may answer anything.
  if (text === undefined || text === 'null') throw unwritable(value);
  const danger = jsonDanger(text, JSON.parse);
  if (danger === undefined) return text;
  throw new MillraceError('ENCODE_FAILED', 'A value cannot be written as JSON safely', {
    expected: 'JSON that every reader understands alike',
    found: danger,
    next: 'Remove it in a map step before this one.',
  });
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new MillraceError('ENCODE_FAILED', 'A value cannot be written as JSON', {
      cause,
      found: summary(value),
      next: 'Map to plain objects, arrays, strings, numbers and booleans first.',
    });
  }
}

/** Whether JSON.stringify would refuse the value or make something else of it. Looks at the top level only. */
function isMangled(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object') return typeof value !== 'string' && typeof value !== 'boolean';
  if (value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return false;
  return ArrayBuffer.isView(value) || mangledKinds.some((kind) => value instanceof kind);
}

const kindOf = (value: unknown): unknown => (value instanceof Object ? value.constructor : typeof value);

const mangledKinds = [
  ArrayBuffer,
  SharedArrayBuffer,
  Map,
  Set,
  WeakMap,
  WeakSet,
  Date,
  RegExp,
  Promise,
  Error,
];

function unwritable(value: unknown): MillraceError {
  const isPromise = value instanceof Promise;
  return new MillraceError('ENCODE_FAILED', 'JSON has no form for a value', {
    expected: 'a plain object, an array, a string, a finite number or a boolean',
    found: summary(value),
    next: isPromise
      ? 'Use mapAsync for functions that answer with a promise.'
      : 'Map to something JSON can carry, or use a codec made for such values (bytes, float64, avro, your own).',
  });
}

function read(text: string): unknown {
  const value = parse(text);
  if (value === null) {
    throw new MillraceError('DECODE_FAILED', 'The JSON null is no value', {
      expected: 'a JSON value, or a record without key or value',
      found: 'the text null',
      next: 'Let the producer leave the value out (a tombstone) instead of writing null.',
    });
  }
  const danger = jsonDanger(text, () => value);
  if (danger === undefined) return value;
  throw new MillraceError('DECODE_FAILED', 'A JSON text is not safe to work with', {
    expected: 'JSON that every reader understands alike',
    found: danger,
    next: 'Let the producer write no such thing, or let the source skip such records with onError.',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MillraceError('DECODE_FAILED', 'A text is not JSON', {
      cause,
      expected: 'JSON',
      found: text === '' ? 'an empty text' : shortened(text),
      next: "Use the codec of the topic's producer, or let the source skip such records with onError.",
    });
  }
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}... (${text.length} characters)`;
}
