import type { AnyFunction, Operator } from '../../dsl/node.ts';
import type { Keyed, Op } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { inputNode } from './inputNode.ts';
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
  const make: AnyFunction = (value, message) => (predicate(value, message) ? value : null);
  const ofTable = rowwise(kind, make, 'skip');
  // What a row was may have passed in the meantime: a tombstone can be worth something.
  const ofVersions = rowwise(kind, make, 'emit');
  return (input) => {
    const { shape, history } = inputNode(kind, input, ['stream', 'table']);
    const operator = shape === 'stream' ? ofStream : history === undefined ? ofTable : ofVersions;
    return append(input, ['stream', 'table'], operator, { history });
  };
}
