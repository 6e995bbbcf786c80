import type { AnyCodec, Operator } from '../dsl/node.ts';
import type { AnyStream, Keep, KeyOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';
import { inputNode } from './kernels/inputNode.ts';

/**
 * Emits the records of this stream and of the others, each as it comes; within a task they are taken in by timestamp.
 *
 * Key, value, timestamp and headers stay. Keeps no state. A codec that not all streams share is forgotten: values are then
 * written as JSON, and steps that write keys have to be told how.
 *
 * @example
 * webOrders.pipe(merge(shopOrders, phoneOrders), keyBy((order) => order.userId), count());
 */
export function merge<S extends AnyStream, O extends readonly AnyStream[]>(
  ...others: O
): Op<S, Keep<S | O[number], Stream<KeyOf<S> | KeyOf<O[number]>, ValueOf<S> | ValueOf<O[number]>>>>;
export function merge(...others: readonly AnyStream[]): Op<AnyStream, AnyStream> {
  const more = others.map((other) => inputNode('merge', other, ['stream']));
  if (more.length === 0) {
    throw new MillraceError('INVALID_ARGUMENT', 'merge() was given no stream', {
      expected: 'one or more streams',
      found: 'none',
      next: 'Pass the streams whose records are to be added, or leave the step out.',
    });
  }
  const operator: Operator = { kind: 'merge', run: (_task, emit) => [emit, ...more.map(() => emit)] };
  return (input) => {
    const first = inputNode('merge', input, ['stream']);
    const inputs = [first, ...more];
    return append(input, ['stream'], operator, {
      inputs,
      key: shared(inputs.map(({ key }) => key)),
      value: shared(inputs.map(({ value }) => value)),
    });
  };
}

/** The codec that all inputs have. One name is one format, but what two JSON codecs take may differ by their schemas. */
function shared(codecs: readonly (AnyCodec | undefined)[]): AnyCodec | undefined {
  const [first] = codecs;
  const alike = codecs.every(
    (codec) => codec === first || (codec?.name === first?.name && !first?.name.includes('json')),
  );
  return alike ? first : undefined;
}
