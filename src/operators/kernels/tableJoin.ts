import type { Operator, Shape } from '../../dsl/node.ts';
import type { Keyed, Op } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { inputNode } from './inputNode.ts';
import { type Lookup, lookup } from './lookup.ts';
import { type Padded, tableTableJoin } from './tableTableJoin.ts';

/**
 * What joinTable, leftJoinTable and outerJoinTable are, both sides partitioned alike: a lookup by the record's own key, or,
 * behind a table, the rows of both tables as they change.
 */
export function tableJoin(
  kind: string,
  table: unknown,
  join: Lookup['join'],
  padded: Padded,
): Op<Keyed, Keyed> {
  checkFunction(join, `function of ${kind}()`);
  const right = inputNode(kind, table, ['table']);
  const left = padded !== 'none';
  const ofStream: Operator = {
    kind,
    keyed: true,
    ...(left && { nullKeys: 'keep' }),
    run: lookup({ join, left }),
  };
  const ofTable = tableTableJoin(kind, join, padded);
  const shapes: readonly Shape[] = padded === 'both' ? ['table'] : ['stream', 'table'];
  return (input) => {
    const inputs = [inputNode(kind, input, shapes), right];
    return append(input, shapes, input.shape === 'table' ? ofTable : ofStream, { inputs, value: undefined });
  };
}
