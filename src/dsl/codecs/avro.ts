import type { Buffer } from 'node:buffer';
import type avsc from 'avsc';
import { MillraceError } from '../../errors.ts';
import { checkOptions } from '../options.ts';
import { losesProtoEntry, wroteLoneSurrogate } from './avroSafety.ts';
import { type AvroSchema, avroType, fingerprint, holdsMap } from './avroType.ts';
import type { BytesCodec } from './codec.ts';
import { summary } from './summary.ts';

export type { AvroSchema };

export interface AvroOptions {
  /** The schema the records were written with, where it is not the first argument. */
  readonly writer?: AvroSchema | undefined;
}

/**
 * Plain Avro binary, without a header or registry framing. The schema is an object, its JSON text, the name of a primitive,
 * or the path or URL of a file. Records become plain objects, `bytes` and `fixed` Buffers, `long` exact numbers (beyond
 * 2^53 DECODE_FAILED), logical types their underlying values. The type argument is taken on trust.
 *
 * With `writer` the codec reads records of an older (or newer) schema as Avro resolves them: by field name and alias, with
 * defaults, promoted numbers. Everything behind the source is written with the schema itself; the codec with `writer` only
 * reads. Throws INVALID_ARGUMENT for schemas that cannot be read or do not resolve; on records DECODE_FAILED and
 * ENCODE_FAILED, which names the paths that do not fit.
 *
 * @example
 * const orders = stream('orders', { key: text, value: avro<Order>(new URL('./order.avsc', import.meta.url)) });
 * const old = stream('orders-v1', { key: text, value: avro<Order>(orderV2, { writer: orderV1 }) });
 */
export function avro<T = unknown>(schema: AvroSchema, options: AvroOptions = {}): BytesCodec<T> {
  checkOptions(options, ['writer'], 'avro()');
  const type = avroType(schema, 'schema');
  const plain = plainCodec<T>(type);
  return options.writer === undefined
    ? plain
    : resolvingCodec(type, avroType(options.writer, 'writer schema'), plain);
}

function plainCodec<T>(type: avsc.Type): BytesCodec<T> {
  const guardMaps = holdsMap(type);
  return Object.freeze({
    name: `avro:${nameOf(type)}:${fingerprint(type)}`,
    format: 'bytes' as const,
    encode(value: T): Buffer {
      let target: Buffer;
      try {
        target = type.toBuffer(value);
      } catch (cause) {
        throw misfit(type, value, cause);
      }
      if (wroteLoneSurrogate(value, target)) throw unsafe('ENCODE_FAILED', surrogate);
      if (guardMaps && losesProtoEntry(type, target)) throw unsafe('ENCODE_FAILED', protoEntry);
      return target;
    },
    decode: (source: Buffer): T => read<T>(type, source, guardMaps ? type : undefined),
  });
}

/** Reads only: what it wrote with its own schema it would read as if written with the other. */
function resolvingCodec<T>(reader: avsc.Type, writer: avsc.Type, plain: BytesCodec<T>): BytesCodec<T> {
  const resolver = resolve(reader, writer);
  const guardMaps = holdsMap(writer);
  const name = `${plain.name}<${fingerprint(writer)}`;
  return Object.freeze({
    name,
    format: 'bytes' as const,
    output: plain,
    encode(): Buffer {
      throw new MillraceError('ENCODE_FAILED', 'An Avro codec with a writer schema only reads', {
        expected: plain.name,
        found: name,
        next: 'Write with avro(schema), without the option writer.',
      });
    },
    decode: (source: Buffer): T => read<T>(reader, source, guardMaps ? writer : undefined, resolver),
  });
}

type Resolver = ReturnType<avsc.Type['createResolver']>;

function resolve(reader: avsc.Type, writer: avsc.Type): Resolver {
  try {
    return reader.createResolver(writer);
  } catch (cause) {
    throw new MillraceError('INVALID_ARGUMENT', 'Avro cannot read records of the one schema as the other', {
      cause,
      expected: `a schema that ${nameOf(reader)} can be resolved from`,
      found: nameOf(writer),
      next: 'Give fields that were added a default, and fields that were renamed an alias.',
    });
  }
}

function read<T>(type: avsc.Type, source: Buffer, guarded: avsc.Type | undefined, resolver?: Resolver): T {
  let value: T | null;
  try {
    value = type.fromBuffer(source, resolver);
  } catch (cause) {
    throw new MillraceError('DECODE_FAILED', `The bytes are not Avro of ${nameOf(type)}`, {
      cause,
      expected: `plain Avro binary of ${nameOf(type)}`,
      found: `${source.length} bytes, 0x${source.toString('hex', 0, 16)}${source.length > 16 ? '...' : ''}`,
      next: framed(source)
        ? 'The bytes look framed by a schema registry, which this codec does not read.'
        : 'Give the schema the records were written with as the option writer.',
    });
  }
  if (value === null)
    throw unsafe('DECODE_FAILED', 'null, which is no value: a record without a value says that');
  if (guarded !== undefined && losesProtoEntry(guarded, source)) throw unsafe('DECODE_FAILED', protoEntry);
  return value;
}

/** Confluent's framing: a zero, then the id of a schema in four bytes. */
const framed = (source: Buffer): boolean => source.length > 5 && source[0] === 0 && source[1] === 0;

const nameOf = (type: avsc.Type): string => type.name ?? type.typeName;

function misfit(type: avsc.Type, value: unknown, cause: unknown): MillraceError {
  const issues: string[] = [];
  type.isValid(value, {
    errorHook: (path, found: unknown, expected) => {
      const at = path.length === 0 ? '(the value itself)' : path.join('.');
      issues.push(`${at}: ${summary(found)} is no ${nameOf(expected)}`);
    },
  });
  return new MillraceError('ENCODE_FAILED', `A value does not fit its Avro schema ${nameOf(type)}`, {
    cause,
    expected: `a value as ${nameOf(type)} describes it`,
    found: issues.length === 0 ? summary(value) : issues.slice(0, 5).join('; '),
    next: 'Emit what the schema describes, or give the step the codec of what it emits.',
  });
}

const surrogate = 'half a surrogate pair, which UTF-8 cannot carry';
const protoEntry = 'a map entry called __proto__, which can replace prototypes';

function unsafe(code: 'ENCODE_FAILED' | 'DECODE_FAILED', found: string): MillraceError {
  return new MillraceError(code, 'An Avro value is not safe to work with', {
    expected: 'a value that is read as it was written',
    found,
    next:
      code === 'ENCODE_FAILED'
        ? 'Remove it in a map step before this one.'
        : 'Let the producer write no such thing, or let the source skip such records with onError.',
  });
}
