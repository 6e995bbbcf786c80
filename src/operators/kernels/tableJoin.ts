import type { Operator } from '../../dsl/node.ts';
import type { AnyStream, Op } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { inputNode } from './inputNode.ts';
import { type Lookup, lookup } from './lookup.ts';

/** What joinTable and leftJoinTable are: a lookup by the record's own key, both sides partitioned alike. */
export function tableJoin(kind: string, table: unknown, described: Lookup): Op<AnyStream, AnyStream> {
  checkFunction(described.join, `function of ${kind}()`);
  const right = inputNode(kind, table, ['table']);
  const operator: Operator = {
    kind,
    keyed: true,
    ...(described.left && { nullKeys: 'keep' }),
    run: lookup(described),
  };
  return (input) => {
    const inputs = [inputNode(kind, input, ['stream']), right];
    return append(input, ['stream'], operator, { inputs, value: undefined });
  };
}
