import { summary } from '../dsl/codecs/summary.ts';
import type { Operator, WindowSpec } from '../dsl/node.ts';
import type { AnyStream, AnyWindowed, Keep, KeyOf, Op, ValueOf, Windowed } from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';

/**
 * Cuts a keyed stream into windows, to be counted, summed, reduced or aggregated: each record goes into every window that
 * holds its timestamp. Rows then have a WindowKey: the key, the start and the end of the window.
 *
 * Changes no record and keeps no state; lateness is judged by the step behind it, by the stream time of the records that
 * reach it with a key. Records with null values are handed to reducers and aggregators.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), window(tumbling('5m', { grace: '30s' })), count());
 */
export function window<S extends AnyStream>(
  spec: WindowSpec,
): Op<S, Keep<S, Windowed<NonNullable<KeyOf<S>>, ValueOf<S>>>>;
export function window(spec: WindowSpec): Op<AnyStream, AnyWindowed> {
  if (typeof spec !== 'object' || spec === null || !(spec.size > 0)) {
    throw new MillraceError('INVALID_ARGUMENT', 'window() was not given windows', {
      expected: 'tumbling(size) or hopping(size, { advance })',
      found: summary(spec),
      next: "Write window(tumbling('5m')).",
    });
  }
  const operator: Operator = { kind: 'window', run: (_task, emit) => [emit] };
  return (input) => append(input, ['stream'], operator, { shape: 'windowed', window: spec });
}
