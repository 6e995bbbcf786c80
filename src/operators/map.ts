import type { AnyFunction, Operator } from '../dsl/node.ts';
import type { AnyTable, Keyed, KeyOf, Made, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { defined } from './kernels/defined.ts';
import { inputNode } from './kernels/inputNode.ts';
import { rowwise } from './kernels/rowwise.ts';

/**
 * Emits each record with the value that the function makes of it; of a table, each row. null makes a tombstone of a record
 * and leaves out a row.
 *
 * The key stays, so nothing is repartitioned; timestamp and headers stay. Keeps no state: where a mapped table is read, the
 * function is called again. The result is written as JSON unless a codec is named where it is written.
 *
 * @example
 * orders.pipe(map((order) => order.price * order.quantity), to('amounts'));
 */
export function map<S extends Keyed, R>(
  project: (value: ValueOf<S>, message: MessageOf<S>) => R,
): Op<S, Made<S, KeyOf<S>, S extends AnyTable ? NonNullable<R> : R>>;
export function map(project: AnyFunction): Op<Keyed, Keyed> {
  checkFunction(project, 'function of map()');
  const ofStream: Operator = {
    kind: 'map',
    run(task, emit) {
      const guarded = task.guard(project);
      return [
        (message) => {
          const { key, timestamp, headers } = message;
          emit({ key, value: guarded(message.value, message), timestamp, headers });
        },
      ];
    },
  };
  const ofTable = rowwise('map', (value, message) => defined(project(value, message)), 'emit');
  return (input) => {
    const { shape, history } = inputNode('map', input, ['stream', 'table']);
    const operator = shape === 'table' ? ofTable : ofStream;
    return append(input, ['stream', 'table'], operator, { value: undefined, history });
  };
}
