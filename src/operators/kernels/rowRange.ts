import { Buffer } from 'node:buffer';
import type { Encoded } from '../../dsl/codecs/codec.ts';
import { summary } from '../../dsl/codecs/summary.ts';
import { type RowRange, rightBehind } from '../../dsl/keyRange.ts';
import type { AnyCodec } from '../../dsl/node.ts';
import { checkOptions } from '../../dsl/options.ts';
import type { RowsFrom } from '../../dsl/processContext.ts';
import { MillraceError } from '../../errors.ts';

/** The range of encoded keys that is asked for. */
export function rowRange(codec: AnyCodec, rows: RowsFrom<unknown>): RowRange {
  checkOptions(rows, ['from', 'to', 'prefix', 'reverse'], 'entries()');
  const { from, to, prefix, reverse = false } = rows;
  if (prefix === undefined) {
    return {
      from: from === undefined ? undefined : codec.encode(from),
      until: to === undefined ? undefined : rightBehind(codec.encode(to)),
      reverse,
    };
  }
  if (from !== undefined || to !== undefined || !fits(prefix, codec)) throw badPrefix(prefix, codec);
  return { from: prefix, until: behindAll(prefix), reverse };
}

const fits = (prefix: unknown, { format }: AnyCodec): boolean =>
  format === 'text' ? typeof prefix === 'string' : Buffer.isBuffer(prefix);

/** The least key behind all that begin so; undefined: there is none. */
function behindAll(prefix: Encoded): Encoded | undefined {
  return typeof prefix === 'string' ? behindText(prefix) : behindBytes(prefix);
}

function behindBytes(prefix: Buffer): Buffer | undefined {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return undefined;
  const next = Buffer.from(prefix.subarray(0, end));
  next[end - 1]!++;
  return next;
}

/** Characters in the order of their UTF-8 bytes: that of their code points, among which are no surrogates. */
function behindText(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

function badPrefix(prefix: unknown, { format, name }: AnyCodec): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', 'The prefix of entries() cannot be looked for', {
    expected: `${format === 'text' ? 'a string' : 'a Buffer'}, as ${name} writes keys, and neither from nor to`,
    found: summary(prefix),
    next: "Write entries({ prefix: 'order-' }), or entries({ from, to }) with keys.",
  });
}
