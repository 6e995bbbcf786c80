import type { AnyFunction, Operator, Receive } from '../../dsl/node.ts';

export interface Lookup {
  /** (value, row, message) */
  readonly join: AnyFunction;
  /** A record without a row is joined with null instead of not at all. */
  readonly left: boolean;
  /** (value, message): the key to look for; the record's own when absent. */
  readonly keyOf?: AnyFunction;
}

/** Joins each record with the row of a table (the second input) as it is now or, of versions, as it was at its time. Changes of the table emit nothing. */
export function lookup({ join, left, keyOf }: Lookup): Operator['run'] {
  return (task, emit) => {
    const rowOf = task.view(1);
    const combine = task.guard(join);
    const guardedKey = keyOf && task.guard(keyOf);
    const receive: Receive = (message) => {
      const { key, value, timestamp, headers } = message;
      if (value === null) return task.drop('null-value', message);
      const wanted: unknown = guardedKey === undefined ? key : (guardedKey(value, message) ?? null);
      if (wanted === null && !left) return task.drop('null-key', message);
      const row = wanted === null ? undefined : rowOf(wanted, timestamp);
      if (row === undefined && !left) return;
      emit({ key, value: combine(value, row === undefined ? null : row.value, message), timestamp, headers });
    };
    return [receive, () => {}];
  };
}
