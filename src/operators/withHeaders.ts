import { Buffer } from 'node:buffer';
import { summary } from '../dsl/codecs/summary.ts';
import type { Header, Headers } from '../dsl/message.ts';
import type { AnyFunction, Operator } from '../dsl/node.ts';
import type { AnyStream, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';

/** A header whose value may still be text. */
export type NewHeader = readonly [name: string, value: string | Buffer | null];

/**
 * Emits each record with the headers that the function gives, in place of those it had. Text is written as UTF-8.
 *
 * Key, value and timestamp stay. Keeps no state. Joins and aggregations hand on the headers of the record they answer to.
 *
 * @example
 * orders.pipe(withHeaders((order, { headers }) => [...headers, ['trace', order.traceId]]), to('traced-orders'));
 */
export function withHeaders<S extends AnyStream>(
  headersOf: (value: ValueOf<S>, message: MessageOf<S>) => readonly NewHeader[],
): Op<S, S>;
export function withHeaders(headersOf: AnyFunction): Op<AnyStream, AnyStream> {
  checkFunction(headersOf, 'function of withHeaders()');
  const operator: Operator = {
    kind: 'withHeaders',
    run(task, emit) {
      const made = task.guard((value: unknown, message: unknown) => headers(headersOf(value, message)));
      return [
        (message) => {
          const { key, value, timestamp } = message;
          emit({ key, value, timestamp, headers: made(value, message) });
        },
      ];
    },
  };
  return (input) => append(input, ['stream'], operator);
}

function headers(given: unknown): Headers {
  if (Array.isArray(given)) return given.map(header);
  throw notHeaders(given);
}

function header(given: unknown): Header {
  if (!Array.isArray(given)) throw notHeaders(given);
  const [name, value]: readonly unknown[] = given;
  if (typeof name === 'string') {
    if (value === null || Buffer.isBuffer(value)) return [name, value];
    if (typeof value === 'string') return [name, Buffer.from(value)];
  }
  throw notHeaders(given);
}

function notHeaders(found: unknown): MillraceError {
  return new MillraceError('STEP_FAILED', 'The function given to withHeaders() did not give headers', {
    expected: "a list of pairs like ['trace', 'abc'], with text, a Buffer or null as the second",
    found: summary(found),
    next: 'Return [...message.headers, [name, value]] to add one, or [] for none.',
  });
}
