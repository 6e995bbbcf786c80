import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import { MillraceError } from '../../errors.ts';
import { avroDouble, avroFloat, avroLong } from './avroNumbers.ts';
import { summary } from './summary.ts';

/** An Avro schema: as an object or array, as JSON text, as the name of a primitive type, or as the path or URL of a file. */
export type AvroSchema = string | URL | object;

/** Reads and parses a schema. `what` names it in the error: 'schema', 'writer schema'. */
export function avroType(schema: AvroSchema, what: string): avsc.Type {
  const parsed = schema instanceof URL || typeof schema === 'string' ? fromText(schema, what) : schema;
  try {
    const type = avsc.Type.forSchema(parsed as avsc.Type, {
      omitRecordMethods: true,
      typeHook: exactNumbers,
    });
    for (const inner of typesIn(type)) if (isEnum(inner)) closeSymbols(inner);
    return type;
  } catch (cause) {
    throw invalid(what, 'is not an Avro schema', summary(parsed), cause);
  }
}

/** Whether values of the type may hold maps. */
export function holdsMap(root: avsc.Type): boolean {
  return typesIn(root).some((type) => type instanceof avsc.types.MapType);
}

/**
 * Of the canonical form, without doc, default, alias and logical type: schemas of one fingerprint have the same bytes.
 * SHA-256, shortened: MD5 is not there on machines in FIPS mode.
 */
export function fingerprint(type: avsc.Type): string {
  return type.fingerprint('sha256').toString('hex', 0, 8);
}

const numbers: Readonly<Record<string, avsc.Type>> = { long: avroLong, double: avroDouble, float: avroFloat };

function exactNumbers(schema: unknown): avsc.Type | undefined {
  const name = typeof schema === 'object' ? (schema as { type?: unknown } | null)?.type : schema;
  return typeof name === 'string' && Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}

/** A type and all it is made of, once each. */
function typesIn(root: avsc.Type): readonly avsc.Type[] {
  const found = new Set([root]);
  // A set is iterated up to its end as it is then, also over what is added meanwhile.
  for (const type of found) for (const inner of innerTypes(type)) found.add(inner);
  return [...found];
}

function innerTypes(type: avsc.Type): readonly avsc.Type[] {
  const { RecordType, ArrayType, MapType, UnwrappedUnionType, WrappedUnionType } = avsc.types;
  if (type instanceof RecordType) return type.fields.map((field) => field.type);
  if (type instanceof ArrayType) return [type.itemsType];
  if (type instanceof MapType) return [type.valuesType];
  if (type instanceof UnwrappedUnionType || type instanceof WrappedUnionType) return [...type.types];
  return [];
}

interface EnumIndices {
  readonly _indices: object;
}

const isEnum = (type: avsc.Type): type is avsc.Type & EnumIndices => type instanceof avsc.types.EnumType;

/** avsc looks symbols up in an object with a prototype, and so takes 'constructor' for the first symbol of any enum. */
function closeSymbols({ _indices }: EnumIndices): void {
  Object.setPrototypeOf(_indices, null);
}

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];

function fromText(schema: string | URL, what: string): unknown {
  if (typeof schema === 'string') {
    if (primitives.includes(schema)) return schema;
    if (/^\s*["{[]/.test(schema)) return parse(schema, what);
  }
  try {
    return parse(readFileSync(schema, 'utf8'), what);
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw invalid(what, 'is in a file that cannot be read', String(schema), cause);
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(what, 'is not JSON', summary(text), cause);
  }
}

function invalid(what: string, how: string, found: string, cause: unknown): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `The ${what} of avro() ${how}`, {
    cause,
    expected:
      'an Avro schema as an object, its JSON text, a primitive type, or the path or URL of a file with it',
    found,
    next: 'Mend the schema; paths start at the working directory, new URL(path, import.meta.url) at the module.',
  });
}
