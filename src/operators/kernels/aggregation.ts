import type { ChangeCodec } from '../../dsl/codecs/change.ts';
import { windowed } from '../../dsl/codecs/windowed.ts';
import type { AnyCodec, Node, Operator, Shape, StoreSpec } from '../../dsl/node.ts';
import type { AnyTable, Grouped, Op } from '../../dsl/types.ts';
import { type Duration, milliseconds } from '../../dsl/windows/duration.ts';
import { MillraceError } from '../../errors.ts';
import { append } from './append.ts';
import type { Fold } from './guardedFold.ts';
import { inputNode } from './inputNode.ts';
import { type StoreSettings, storeSettings } from './storeSettings.ts';
import { streamAggregation } from './streamAggregation.ts';
import { streamTimeStore } from './streamTime.ts';
import { tableAggregation } from './tableAggregation.ts';
import { windowAggregation } from './windowAggregation.ts';

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
    const settings = storeSettings(kind, store, node, rows === 'input' ? rowCodec(node) : undefined);
    if (node.shape === 'windowed') return windowedTable(kind, node, fold, settings);
    const { name, key, value } = settings;
    const stores: StoreSpec[] = [{ suffix: '', kind: 'keyValue', key, value }];
    const operator: Operator = { kind, keyed: true, stores, ...folding(kind, node, fold) };
    return append({ node }, shapes, operator, { shape: 'table', name, key, value });
  };
}

/** How the values are written that come in; those of a grouped table come as changes. */
function rowCodec({ shape, value }: Node): AnyCodec | undefined {
  return shape === 'groupedTable' ? (value as ChangeCodec<unknown>).row : value;
}

function folding(kind: string, { shape }: Node, fold: Fold): Pick<Operator, 'run' | 'view'> {
  if (shape !== 'groupedTable') return streamAggregation(fold);
  const { first, add, subtract } = fold;
  if (subtract !== undefined) return tableAggregation({ first, add, subtract });
  throw new MillraceError('INVALID_ARGUMENT', `${kind}() cannot take a row of a table out again`, {
    expected: 'a function that subtracts what a row was before it changed',
    found: 'none',
    next: 'Use aggregate(initial, add, subtract) or reduce(add, subtract); count() and sum() know how to subtract.',
  });
}

function windowedTable<H extends AnyTable>(kind: string, node: Node, fold: Fold, settings: StoreSettings): H {
  const { size, grace } = node.window!;
  const { name, key, value } = settings;
  const retention = retained(kind, size + grace, settings.retention);
  const rows: StoreSpec = { suffix: '', kind: 'window', key, value, windowSize: size, retention };
  const operator: Operator = {
    kind,
    keyed: true,
    stores: [rows, streamTimeStore],
    ...windowAggregation(node.window!, fold),
  };
  return append({ node }, ['windowed'], operator, { shape: 'table', name, key: windowed(key, size), value });
}

/** Rows of windows that still take records must be there. */
function retained(kind: string, least: number, given: Duration | undefined): number {
  const retention = given === undefined ? least : milliseconds(given, `retention of the store of ${kind}()`);
  if (retention >= least) return retention;
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `The store of ${kind}() would forget windows that are still open`,
    {
      expected: `a retention of at least size + grace, ${least} ms`,
      found: `${retention} ms`,
      next: 'Leave the retention out, or make it longer.',
    },
  );
}
