import type { AnyFunction, Operator } from '../../dsl/node.ts';
import type { Keyed, Op } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { rowwise } from './rowwise.ts';

/** What filter and filterNot are: `predicate` says which records, or rows, remain. */
export function selection(kind: string, predicate: AnyFunction): Op<Keyed, Keyed> {
  checkFunction(predicate, `predicate of ${kind}()`);
  const ofStream: Operator = {
    kind,
    run(task, emit) {
      const keeps = task.guard(predicate);
      return [
        (message) => {
          if (keeps(message.value, message)) emit(message);
        },
      ];
    },
  };
  const ofTable = rowwise(kind, (value, message) => (predicate(value, message) ? value : null), 'skip');
  return (input) => append(input, ['stream', 'table'], input?.shape === 'table' ? ofTable : ofStream);
}
