import { MillraceError } from '../errors.ts';
import type { Codec } from './codecs/codec.ts';
import { keepRows } from './keepRows.ts';
import type { Message } from './message.ts';
import { checkStepName } from './names.ts';
import type { Node, Operator } from './node.ts';
import type { ErrorPolicy } from './policyFor.ts';
import { outputOf, sourceSpec } from './sourceSpec.ts';
import { type Duration, milliseconds } from './windows/duration.ts';

export interface TableOptions<K, V> {
  /** Reads the keys; records without one are dropped ('null-key'). */
  readonly key: Codec<K>;
  /** Reads the values; a record without one deletes the row. */
  readonly value: Codec<V>;
  /** Name of the store. Default: the topic. */
  readonly name?: string | undefined;
  /** What happens to a record that fails; a function decides by the error and may be asked again. Default: 'fail', stop before it. */
  readonly onError?: ErrorPolicy | undefined;
  /**
   * Keeps what rows were, so long back in stream time, for stream-table joins as of the records' timestamps. Updates go by their
   * timestamps: late ones take their place in the past, those older than this are dropped ('late'). Default: not at all.
   */
  readonly versioned?: Duration | undefined;
  /** Event time of a record in ms since 1970, UTC; the value is null on deletions. Default: the record's own timestamp. `partitionTime`: as for stream(). */
  readonly timestamp?:
    | ((value: V | null, message: Message<K, V | null>, partitionTime: number) => number)
    | undefined;
}

/** A node that keeps the newest value of each key of a topic. */
export function tableSource<K, V>(
  kind: 'table' | 'globalTable',
  topic: string,
  options: TableOptions<K, V>,
): Node {
  const known = ['key', 'value', 'name', 'onError', 'timestamp'];
  const source = sourceSpec(kind, topic, options, kind === 'table' ? [...known, 'versioned'] : known);
  refuseNullable(kind, topic, options);
  const { name, versioned } = options;
  if (name !== undefined) checkStepName(name, `name of ${kind}('${topic}')`);
  const key = outputOf(options.key);
  const value = outputOf(options.value);
  const history =
    versioned === undefined ? undefined : milliseconds(versioned, `versioned of ${kind}('${topic}')`);
  const operator: Operator = Object.freeze({ kind, source, ...keepRows(key, value, history) });
  return { shape: kind, operator, inputs: [], name, key, value, history };
}

function refuseNullable<K, V>(kind: string, topic: string, { key, value }: TableOptions<K, V>): void {
  for (const [part, codec] of [
    ['key', key],
    ['value', value],
  ] as const) {
    if (codec.nullable !== true) continue;
    throw new MillraceError('INVALID_ARGUMENT', `The ${part} of ${kind}('${topic}') is nullable`, {
      expected: 'a codec without nullable()',
      found: `nullable(${codec.name})`,
      next:
        part === 'value'
          ? 'Remove nullable(): a record without a value deletes the row.'
          : 'Remove nullable(): a row needs a key, records without one are dropped.',
    });
  }
}
