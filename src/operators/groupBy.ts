import { change } from '../dsl/codecs/change.ts';
import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import { identityOf } from '../dsl/codecs/identityOf.ts';
import { json } from '../dsl/codecs/json.ts';
import { text } from '../dsl/codecs/text.ts';
import type { AnyCodec, AnyFunction, Operator } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type {
  AnyGroupedTable,
  AnyTable,
  GroupedTable,
  MessageOf,
  NeedsCodec,
  Op,
  ValueOf,
} from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { inputNode } from './kernels/inputNode.ts';
import type { KeyCodec } from './keyBy.ts';

interface ValueCodec<V> {
  /** Writes the rows on their way to their group. Default: the codec they came with, else JSON. */
  readonly value: Codec<V>;
}

type GroupCodecs<S extends AnyTable, K> = ([] extends KeyCodec<K>
  ? { readonly key?: KeyCodec<K>[0] }
  : { readonly key: KeyCodec<K>[0] }) &
  (S extends NeedsCodec ? ValueCodec<ValueOf<S>> : Partial<ValueCodec<ValueOf<S>>>);

type GroupArguments<C extends object> = Record<never, never> extends C ? [codecs?: C] : [codecs: C];

/**
 * Groups the rows of a table by what the function makes of each, to be counted, summed, reduced or aggregated. A row that
 * changes is taken out of its old group before it is added to its new one; null or undefined: in no group.
 *
 * The rows travel to their groups through a repartition topic, what they were beside what they are. Timestamps and headers
 * stay. Keeps no state itself. Groups that are not strings need a codec: { key: int64 }.
 *
 * @example
 * users.pipe(groupBy((user) => user.city), count('users-by-city'), to('users-by-city'));
 */
export function groupBy<S extends AnyTable, K>(
  groupOf: (value: ValueOf<S>, message: MessageOf<S>) => K,
  ...codecs: GroupArguments<GroupCodecs<S, NoInfer<K>>>
): Op<S, GroupedTable<NonNullable<K>, ValueOf<S>>>;
export function groupBy(
  groupOf: AnyFunction,
  codecs: { readonly key?: AnyCodec; readonly value?: AnyCodec } = {},
): Op<AnyTable, AnyGroupedTable> {
  checkFunction(groupOf, 'function of groupBy()');
  checkOptions(codecs, ['key', 'value'], 'groupBy()');
  const { key = text } = codecs;
  checkCodec(key, 'key of groupBy()');
  const operator = regroup(groupOf, key);
  return (input) => {
    const { value = inputNode('groupBy', input, ['table']).value ?? json() } = codecs;
    checkCodec(value, 'value of groupBy()');
    const emits = { shape: 'groupedTable', key, value: change(value), window: undefined } as const;
    return append(input, ['table'], operator, emits);
  };
}

/** One change where the group stays, else one for the old group and one for the new. */
function regroup(groupOf: AnyFunction, codec: AnyCodec): Operator {
  const identify = identityOf(codec);
  return {
    kind: 'groupBy',
    rekeys: true,
    run(task, emit) {
      const guarded = task.guard(groupOf);
      const same = task.guard((a: unknown, b: unknown) => a === b || identify(a) === identify(b));
      return [
        ({ key, value: { before, after, outOfOrder }, timestamp, headers }) => {
          if (outOfOrder) return; // the row is in its group as it was
          const groupOfRow = (value: unknown): unknown =>
            value === null ? null : (guarded(value, { key, value, timestamp, headers }) ?? null);
          const old = groupOfRow(before);
          const now = groupOfRow(after);
          if (old !== null && now !== null && same(old, now)) {
            emit({ key: now, value: { before, after }, timestamp, headers });
            return;
          }
          if (old !== null) emit({ key: old, value: { before, after: null }, timestamp, headers });
          if (now !== null) emit({ key: now, value: { before: null, after }, timestamp, headers });
        },
      ];
    },
  };
}
