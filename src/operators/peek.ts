import type { AnyFunction, Operator } from '../dsl/node.ts';
import type { AnyStream, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';

/**
 * Calls the function with each record and emits the record as it is: for logs and metrics.
 *
 * Changes neither key nor time and keeps no state. After a failure the records since the last commit are seen again, so
 * what the function does may happen more than once.
 *
 * @example
 * orders.pipe(peek((order, { timestamp }) => console.log(timestamp, order)), to('orders-copy'));
 */
export function peek<S extends AnyStream>(see: (value: ValueOf<S>, message: MessageOf<S>) => void): Op<S, S>;
export function peek(see: AnyFunction): Op<AnyStream, AnyStream> {
  checkFunction(see, 'function of peek()');
  const operator: Operator = {
    kind: 'peek',
    run(task, emit) {
      const guarded = task.guard(see);
      return [
        (message) => {
          guarded(message.value, message);
          emit(message);
        },
      ];
    },
  };
  return (input) => append(input, ['stream'], operator);
}
