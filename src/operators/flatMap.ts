import type { AnyFunction, Operator } from '../dsl/node.ts';
import type { AnyStream, KeyOf, Made, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';

/**
 * Emits one record for each value that the function gives for a record: none, one or many, in their order.
 *
 * Key, timestamp and headers are those of the record; keyBy() behind it gives each piece a key of its own. Keeps no state.
 *
 * @example
 * lines.pipe(flatMap((line) => line.split(' ')), keyBy((word) => word), count());
 */
export function flatMap<S extends AnyStream, R>(
  project: (value: ValueOf<S>, message: MessageOf<S>) => Iterable<R>,
): Op<S, Made<S, KeyOf<S>, R>>;
export function flatMap(project: AnyFunction): Op<AnyStream, AnyStream> {
  checkFunction(project, 'function of flatMap()');
  const operator: Operator = {
    kind: 'flatMap',
    run(task, emit) {
      // Generators run while they are iterated: all of it belongs under the guard.
      const pieces = task.guard((value: unknown, message: unknown): unknown[] => [
        ...project(value, message),
      ]);
      return [
        (message) => {
          const { key, timestamp, headers } = message;
          for (const value of pieces(message.value, message)) emit({ key, value, timestamp, headers });
        },
      ];
    },
  };
  return (input) => append(input, ['stream'], operator, { value: undefined });
}
