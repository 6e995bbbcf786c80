import { checkCodec } from '../../dsl/codecs/checkCodec.ts';
import type { AnyCodec, Node } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** How a step writes keys: as the user says, else as they came. Not known behind a merge of streams that differ. */
export function keyCodec(kind: string, input: Node, given: unknown): AnyCodec {
  if (given !== undefined) {
    checkCodec(given, `key of ${kind}()`);
    return given as AnyCodec;
  }
  if (input.key !== undefined) return input.key;
  throw new MillraceError('INVALID_ARGUMENT', `${kind}() cannot know how keys are written`, {
    expected: 'a codec for the keys',
    found: `${input.operator.kind}, whose inputs write their keys differently`,
    next: `Set the key before it with keyBy(key, codec), or give ${kind}() a codec: { key: ... }.`,
  });
}
