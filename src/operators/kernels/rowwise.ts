import { noHeaders } from '../../dsl/message.ts';
import type { AnyFunction, Operator } from '../../dsl/node.ts';

/**
 * A step that makes of each row of a table another row, or none (null), and keeps nothing: it is read through its input.
 * `rowless` says what happens to changes that neither had nor have a row: passed on, or not worth a tombstone.
 */
export function rowwise(kind: string, make: AnyFunction, rowless: 'emit' | 'skip'): Operator {
  return {
    kind,
    run(task, emit) {
      const guarded = task.guard(make);
      return [
        ({ key, value: { before, after, outOfOrder }, timestamp, headers }) => {
          const was = before === null ? null : guarded(before, { key, value: before, timestamp, headers });
          const is = after === null ? null : guarded(after, { key, value: after, timestamp, headers });
          if (was === null && is === null && rowless === 'skip') return;
          const value = outOfOrder ? { before: was, after: is, outOfOrder } : { before: was, after: is };
          emit({ key, value, timestamp, headers });
        },
      ];
    },
    view(task, [input]) {
      const guarded = task.guard(make);
      return (key, asOf) => {
        const cell = input!(key, asOf);
        if (cell === undefined) return undefined;
        const { value, timestamp } = cell;
        const made: unknown = guarded(value, { key, value, timestamp, headers: noHeaders });
        return made === null ? undefined : { value: made, timestamp };
      };
    },
  };
}
