import type { Operator } from '../dsl/node.ts';
import type { AnyStream, AnyTable, Keep, KeyOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';

/**
 * Emits each change of a table as a record with the new value: null where a row was deleted.
 *
 * Key, timestamp and headers are those of the change. Keeps no state.
 *
 * @example
 * counts.pipe(toStream(), filter((n) => n !== null), map((n) => `seen ${n} times`), to('seen'));
 */
export function toStream<S extends AnyTable>(): Op<S, Keep<S, Stream<KeyOf<S>, ValueOf<S> | null>>>;
export function toStream(): Op<AnyTable, AnyStream> {
  const operator: Operator = {
    kind: 'toStream',
    run: (_task, emit) => [
      ({ key, value, timestamp, headers }) => emit({ key, value: value.after, timestamp, headers }),
    ],
  };
  return (input) => append(input, ['table'], operator, { shape: 'stream', window: undefined });
}
