import type { ChangeCodec } from '../../dsl/codecs/change.ts';
import type { AnyCodec, Node, Operator, Shape, StoreSpec } from '../../dsl/node.ts';
import type { AnyTable, Grouped, Op } from '../../dsl/types.ts';
import { MillraceError } from '../../errors.ts';
import { append } from './append.ts';
import { checkMerge } from './checkMerge.ts';
import type { Fold } from './guardedFold.ts';
import { inputNode } from './inputNode.ts';
import { aggregationSettings } from './storeSettings.ts';
import { streamAggregation } from './streamAggregation.ts';
import { tableAggregation } from './tableAggregation.ts';
import { windowedTable } from './windowedTable.ts';

export interface Aggregation {
  readonly kind: string;
  readonly fold: Fold;
  /** The step's last argument. */
  readonly store: unknown;
  /** 'input': rows are values of the input and are written like them, unless the store has a codec of its own. */
  readonly rows?: 'input';
  /** What it may stand behind, where that is not anything grouped. */
  readonly shapes?: readonly Shape[];
}

const grouped: readonly Shape[] = ['stream', 'windowed', 'groupedTable'];

/** What count, sum, min, max, reduce and aggregate are: a table of what was folded, by key, by window or by group. */
export function aggregation(described: Aggregation): Op<Grouped, AnyTable> {
  const { kind, fold, store, rows, shapes = grouped } = described;
  return (input) => {
    const node = inputNode(kind, input, shapes);
    const settings = aggregationSettings(kind, store, node, rows === 'input' ? rowCodec(node) : undefined);
    const told = { ...fold, before: settings.before };
    if (node.shape === 'windowed') {
      const given = kind === 'aggregate' && fold.subtract !== undefined;
      checkMerge(kind, node, { merge: fold.merge, given, call: 'aggregate(initial, add, merge)' });
      return windowedTable(kind, [node], [told], settings);
    }
    const { name, key, value } = settings;
    const stores: StoreSpec[] = [{ suffix: '', kind: 'keyValue', key, value }];
    const operator: Operator = { kind, keyed: true, stores, ...folding(kind, node, told) };
    return append({ node }, shapes, operator, { shape: 'table', name, key, value });
  };
}

/** How the values are written that come in; those of a grouped table come as changes. */
function rowCodec({ shape, value }: Node): AnyCodec | undefined {
  return shape === 'groupedTable' ? (value as ChangeCodec<unknown>).row : value;
}

function folding(kind: string, { shape }: Node, fold: Fold): Pick<Operator, 'run' | 'view'> {
  if (shape !== 'groupedTable') return streamAggregation([fold]);
  const { first, add, subtract } = fold;
  if (subtract !== undefined) return tableAggregation({ first, add, subtract });
  throw new MillraceError('INVALID_ARGUMENT', `${kind}() cannot take a row of a table out again`, {
    expected: 'a function that subtracts what a row was before it changed',
    found: 'none',
    next: 'Use aggregate(initial, add, subtract) or reduce(add, subtract); count() and sum() know how to subtract.',
  });
}
