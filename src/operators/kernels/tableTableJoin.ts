import { noHeaders } from '../../dsl/message.ts';
import type { AnyCell, AnyFunction, AnyMessage, Operator, View } from '../../dsl/node.ts';

/** Which rows are joined with null where the other side has none. */
export type Padded = 'none' | 'left' | 'both';

/**
 * The rows of two tables that have the same key, and what `join` makes of them; null is no row. A change of either side is
 * joined with the other's row as it is then, before and after alike, whatever was emitted last. Keeps nothing: results
 * are read through the two tables.
 */
export function tableTableJoin(kind: string, join: AnyFunction, padded: Padded): Operator {
  const rightAlone = padded === 'both';
  const leftAlone = padded !== 'none';
  return {
    kind,
    keyed: true,
    run(task, emit) {
      const guarded = task.guard(join);
      /** `own` and `other` say which side needs no partner. */
      const side =
        (otherOf: View, own: boolean, other: boolean, combine: AnyFunction) => (message: AnyMessage) => {
          const { key, value, timestamp: at, headers } = message;
          if (value.outOfOrder) return task.drop('late', message);
          const cell = otherOf(key);
          const partner: unknown = cell === undefined ? null : cell.value;
          const hasRow = partner !== null && other;
          if (partner === null && (!own || (value.before === null && value.after === null))) return;
          const timestamp = cell === undefined || cell.timestamp < at ? at : cell.timestamp;
          const joined = (row: unknown): unknown =>
            row === null && !hasRow ? null : combine(row, partner, { key, value: row, timestamp, headers });
          emit({
            key,
            value: { before: joined(value.before), after: joined(value.after) },
            timestamp,
            headers,
          });
        };
      return [
        side(task.view(1), leftAlone, rightAlone, guarded),
        side(task.view(0), rightAlone, leftAlone, (right, left, message) => guarded(left, right, message)),
      ];
    },
    view(task, [left, right]) {
      const guarded = task.guard(join);
      return (key) =>
        joinedRow(left!(key), right!(key), { leftAlone, rightAlone }, (l, r, timestamp) =>
          guarded(l, r, { key, value: l, timestamp, headers: noHeaders }),
        );
    },
  };
}

function joinedRow(
  left: AnyCell | undefined,
  right: AnyCell | undefined,
  { leftAlone, rightAlone }: { readonly leftAlone: boolean; readonly rightAlone: boolean },
  combine: (left: unknown, right: unknown, timestamp: number) => unknown,
): AnyCell | undefined {
  if (left === undefined ? right === undefined || !rightAlone : right === undefined && !leftAlone)
    return undefined;
  const timestamp = Math.max(left?.timestamp ?? 0, right?.timestamp ?? 0);
  const value = combine(left?.value ?? null, right?.value ?? null, timestamp);
  return value === null ? undefined : { value, timestamp };
}
