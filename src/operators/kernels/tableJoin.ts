import type { Codec } from '../../dsl/codecs/codec.ts';
import { checkStepName } from '../../dsl/names.ts';
import type { Node, Operator, Shape } from '../../dsl/node.ts';
import { checkOptions } from '../../dsl/options.ts';
import type { AnyStream, Keyed, NeedsCodec, Op, ValueOf } from '../../dsl/types.ts';
import { type Duration, milliseconds } from '../../dsl/windows/duration.ts';
import { MillraceError } from '../../errors.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { graceLookup } from './graceLookup.ts';
import { inputNode } from './inputNode.ts';
import { type Lookup, lookup } from './lookup.ts';
import { storeSettings } from './storeSettings.ts';
import { type Padded, tableTableJoin } from './tableTableJoin.ts';

export interface JoinTableOptions<V> {
  /**
   * How long records wait, in stream time, for rows of a versioned table that come late: until a record that can be joined is so
   * much newer. At most as long as the table knows its past. Default: joined at once.
   */
  readonly grace?: Duration | undefined;
  /** With a grace: name of the store of those that wait, and with it of its changelog topic. Default: derived from the path. */
  readonly name?: string | undefined;
  /** With a grace: writes the values of those that wait. Default: the codec they came with, else JSON. */
  readonly left?: Codec<V> | undefined;
}

type Options<S extends AnyStream> = JoinTableOptions<NonNullable<ValueOf<S>>>;

/** What joins of streams with tables may be told. Tables wait for nothing. */
export type JoinTableArguments<S extends Keyed> = S extends AnyStream
  ? S extends NeedsCodec
    ? [options?: Options<S> & { readonly left: Codec<NonNullable<ValueOf<S>>> }]
    : [options?: Options<S>]
  : [];

/**
 * What joinTable, leftJoinTable and outerJoinTable are, both sides partitioned alike: a lookup by the record's own key, or,
 * behind a table, the rows of both tables as they change.
 */
export function tableJoin(
  kind: string,
  table: unknown,
  join: Lookup['join'],
  padded: Padded,
  options?: unknown,
): Op<Keyed, Keyed> {
  checkFunction(join, `function of ${kind}()`);
  const right = inputNode(kind, table, ['table']);
  checkOptions(options, ['grace', 'name', 'left'], `${kind}()`);
  const given = (options ?? {}) as JoinTableOptions<unknown>;
  const ofTable = tableTableJoin(kind, join, padded);
  const shapes: readonly Shape[] = padded === 'both' ? ['table'] : ['stream', 'table'];
  return (input) => {
    const node = inputNode(kind, input, shapes);
    const emits = { inputs: [node, right], value: undefined };
    if (node.shape === 'table') {
      checkOptions(options, [], `${kind}() behind a table`);
      return append(input, shapes, ofTable, emits);
    }
    const ofStream = streamTableJoin(kind, node, right, { join, left: padded !== 'none' }, given);
    return append(input, shapes, ofStream, { ...emits, name: given.name });
  };
}

function streamTableJoin(
  kind: string,
  node: Node,
  table: Node,
  described: Pick<Lookup, 'join' | 'left'>,
  { grace, name, left: codec }: JoinTableOptions<unknown>,
): Operator {
  const operator: Omit<Operator, 'run'> = {
    kind,
    keyed: true,
    ...(described.left && { nullKeys: 'keep' }),
  };
  if (grace === undefined) {
    if (name !== undefined) checkStepName(name, `name of ${kind}()`);
    return { ...operator, run: lookup(described) };
  }
  const wait = milliseconds(grace, `grace of ${kind}()`);
  checkHistory(kind, table, wait);
  const { key, value } = storeSettings(kind, { name, value: codec }, node, node.value);
  return { ...operator, ...graceLookup({ ...described, grace: wait, key, value }) };
}

function checkHistory(kind: string, { operator, history }: Node, grace: number): void {
  if (history !== undefined && history >= grace) return;
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `${kind}() waits for rows that its table does not know any more`,
    {
      expected: `a table that is versioned, with a history of at least the grace, ${grace} ms`,
      found:
        history === undefined ? `${operator.kind} of a table without versions` : `a history of ${history} ms`,
      next: "Write table(topic, { ..., versioned: '1h' }), or a shorter grace.",
    },
  );
}
