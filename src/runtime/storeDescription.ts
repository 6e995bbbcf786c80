import type { Headers } from '../dsl/message.ts';
import type { StoreSpec } from '../dsl/node.ts';
import { type ErrorDetails, MillraceError } from '../errors.ts';

/**
 * Says in a changelog, before the rows, what they are: kind, codecs, window size. Another topology under the same names then
 * stops before it reads a row with the wrong codec, also where it has no local state to compare.
 */
export const descriptionKey: Buffer = Buffer.concat([
  Buffer.from([0xff, 0xfe]),
  Buffer.from('millrace.store'),
]);
export const descriptionHeaders: Headers = [['millrace.store', Buffer.from('1')]];

export function describeStore({ kind, key, value, windowSize = 0 }: StoreSpec): string {
  const size = windowSize > 0 ? ` of ${windowSize} ms` : '';
  return `${kind}${size}, key ${key.name}, value ${value.name}`;
}

/** STATE_INCOMPATIBLE with all that differs: rows that were written as one thing cannot be read as another. */
export function checkDescriptions(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  where: Pick<ErrorDetails, 'path' | 'topic' | 'partition' | 'offset'>,
): void {
  const changed = Object.keys(wanted).filter(
    (name) => Object.hasOwn(found, name) && found[name] !== wanted[name],
  );
  if (changed.length === 0) return;
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    `State was written by another version of the topology: ${changed.join(', ')}`,
    {
      ...where,
      expected: changed.map((name) => `${name}: ${wanted[name]}`).join('; '),
      found: changed.map((name) => `${name}: ${found[name]}`).join('; '),
      next: 'Give the changed store a new name (it then begins empty, and the old one stays), or bring the old kind, codecs and window back. To build it anew from the sources, reset the application.',
    },
  );
}
