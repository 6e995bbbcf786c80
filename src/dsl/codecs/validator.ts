import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type ErrorCode, MillraceError } from '../../errors.ts';
import { summary } from './summary.ts';

/**
 * Makes a function of a Standard Schema that gives the schema's output or throws what the caller says: SCHEMA_MISMATCH
 * for what was read, ENCODE_FAILED for what is to be written. Asynchronous schemas are refused: at once where they show
 * themselves, else at the first value that makes them answer with a promise.
 */
export function validator(schema: unknown): (value: unknown, code: ErrorCode) => unknown {
  const standard = standardOf(schema);
  refuseAsync(standard);
  return (value, code) => {
    const result = run(standard, value, code);
    if (isPromise(result)) throw asynchronous(result);
    if (result.issues === undefined) return result.value;
    throw mismatch(result.issues, code);
  };
}

type Standard = StandardSchemaV1['~standard'];
type Result = ReturnType<Standard['validate']>;

function standardOf(schema: unknown): Standard {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? (schema as Partial<StandardSchemaV1>)['~standard'] : undefined;
  if (standard?.version === 1 && typeof standard.validate === 'function') return standard;
  throw new MillraceError('INVALID_ARGUMENT', 'json() was given something that is not a schema', {
    expected: 'a Standard Schema, as made by zod (3.24 and later), valibot, arktype and others',
    found: summary(schema),
    next: 'Pass such a schema, or nothing to take the type on trust: json<Order>().',
  });
}

/** Schemas that are asynchronous as a whole answer any value with a promise; this tells before the first record does. */
function refuseAsync(standard: Standard): void {
  let result: Result;
  try {
    result = standard.validate(undefined);
  } catch {
    // A validator may throw on a value it was never meant for; on records that is reported.
    return;
  }
  if (isPromise(result)) throw asynchronous(result);
}

function run(standard: Standard, value: unknown, code: ErrorCode): Result {
  try {
    return standard.validate(value);
  } catch (cause) {
    throw new MillraceError(code, `The ${standard.vendor} schema threw instead of answering`, {
      cause,
      found: summary(value),
      next: 'Let refinements and transformations of the schema report issues instead of throwing.',
    });
  }
}

/** Not by instanceof: the schema's library may bring promises of its own. */
function isPromise(result: Result): result is Extract<Result, Promise<unknown>> {
  return 'then' in result && typeof result.then === 'function';
}

function asynchronous(result: PromiseLike<unknown>): MillraceError {
  // Its outcome is not wanted any more; unobserved, a rejection would end the process.
  result.then(undefined, () => undefined);
  return new MillraceError('INVALID_ARGUMENT', 'A schema validates asynchronously', {
    expected: 'a schema that answers at once',
    found: 'a promise',
    next: 'Keep the synchronous part in the schema and do the asynchronous check in a mapAsync step behind the source.',
  });
}

const shown = 5;

function mismatch(issues: readonly StandardSchemaV1.Issue[], code: ErrorCode): MillraceError {
  const lines = issues.slice(0, shown).map((issue) => `${pathOf(issue)}: ${issue.message}`);
  if (issues.length > shown) lines.push(`and ${issues.length - shown} more`);
  const writing = code === 'ENCODE_FAILED';
  return new MillraceError(code, 'A value does not fit its schema', {
    expected: writing
      ? 'a value that its own schema reads back from JSON'
      : 'a value as the schema describes it',
    found: lines.join('; '),
    next: writing
      ? 'Emit what the schema describes; keep transformations out of a schema that is used as a codec.'
      : 'Mend the producer or the schema, or let the source skip such records with onError.',
  });
}

function pathOf({ path = [] }: StandardSchemaV1.Issue): string {
  let text = '';
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text === '' ? '(the value itself)' : text;
}
