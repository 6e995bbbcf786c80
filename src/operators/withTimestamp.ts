import type { AnyFunction, Operator } from '../dsl/node.ts';
import type { AnyStream, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { checkTimestamp } from './kernels/checkTimestamp.ts';

/**
 * Emits each record with the timestamp that the function gives, in milliseconds since 1970, UTC.
 *
 * Key, value and headers stay. Keeps no state. Windows behind it go by the new time; the order in which a task takes in
 * records does not: that is for the source's own `timestamp`. What is not a whole number from 0 on fails the record
 * (INVALID_TIMESTAMP).
 *
 * @example
 * orders.pipe(withTimestamp((order) => order.placedAt), keyBy((order) => order.userId), window(tumbling('1h')), count());
 */
export function withTimestamp<S extends AnyStream>(
  timestampOf: (value: ValueOf<S>, message: MessageOf<S>) => number,
): Op<S, S>;
export function withTimestamp(timestampOf: AnyFunction): Op<AnyStream, AnyStream> {
  checkFunction(timestampOf, 'function of withTimestamp()');
  const operator: Operator = {
    kind: 'withTimestamp',
    run(task, emit) {
      const made = task.guard((value: unknown, message: unknown) =>
        checkTimestamp(timestampOf(value, message), task.step, 'The function given to withTimestamp() gave'),
      );
      return [
        (message) => {
          const { key, value, headers } = message;
          emit({ key, value, timestamp: made(value, message), headers });
        },
      ];
    },
  };
  return (input) => append(input, ['stream'], operator);
}
