import type { AnyFunction, Operator } from '../../dsl/node.ts';
import type { AnyStream, Op } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { inputNode } from './inputNode.ts';
import { type Lookup, lookup } from './lookup.ts';

/** What joinGlobal and leftJoinGlobal are: a lookup by any key, without repartitioning. */
export function globalJoin(
  kind: string,
  table: unknown,
  described: Lookup & { readonly keyOf: AnyFunction },
): Op<AnyStream, AnyStream> {
  checkFunction(described.keyOf, `key of ${kind}()`);
  checkFunction(described.join, `function of ${kind}()`);
  const right = inputNode(kind, table, ['globalTable']);
  const operator: Operator = { kind, run: lookup(described), ...(described.left && { nullKeys: 'keep' }) };
  return (input) => {
    const inputs = [inputNode(kind, input, ['stream']), right];
    return append(input, ['stream'], operator, { inputs, value: undefined });
  };
}
