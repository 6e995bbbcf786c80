import { summary } from '../../dsl/codecs/summary.ts';
import type { Node, Shape } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** The node behind a handle. Refuses what the step cannot stand behind; with types, the compiler has done so before. */
export function inputNode(kind: string, input: unknown, shapes: readonly Shape[]): Node {
  const node = (input as { readonly node?: Node } | null | undefined)?.node;
  if (node === undefined) {
    throw new MillraceError(
      'INVALID_ARGUMENT',
      `${kind}() was given something that is not part of a topology`,
      {
        expected: shapes.map((shape) => names[shape]).join(' or '),
        found: summary(input),
        next: 'Pass what stream(), table() or pipe() gave.',
      },
    );
  }
  if (shapes.includes(node.shape)) return node;
  throw new MillraceError('MISPLACED_STEP', `${kind}() stands behind ${names[node.shape]}`, {
    expected: shapes.map((shape) => names[shape]).join(' or '),
    found: `${names[node.shape]}, made by ${node.operator.kind}`,
    next: advice[node.shape],
  });
}

const names: Readonly<Record<Shape, string>> = {
  stream: 'a stream',
  windowed: 'a windowed stream',
  table: 'a table',
  groupedTable: 'a grouped table',
  globalTable: 'a global table',
  sink: 'the end of a topology',
};

const advice: Readonly<Record<Shape, string>> = {
  stream: 'Make a table of the stream with toTable() or an aggregation, or use another step.',
  windowed: 'Put count(), sum(), min(), max(), reduce() or aggregate() between window() and this step.',
  table: 'Make a stream of the table with toStream(), or regroup it with groupBy().',
  groupedTable: 'Put count(), sum(), reduce() or aggregate() between groupBy() and this step.',
  globalTable: 'Read it with joinGlobal() or leftJoinGlobal(), or read the topic with table().',
  sink: 'Put the step before to().',
};
