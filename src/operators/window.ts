import { summary } from '../dsl/codecs/summary.ts';
import type { Operator, SessionWindows, WindowSpec } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyStream, AnyWindowed, InSessions, Keep, KeyOf, Op, ValueOf, Windowed } from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';

export interface WindowOptions {
  /**
   * When the rows of the step behind it are emitted: with each record ('onUpdate', the default), or once, when stream time says
   * that their window takes no records any more ('onClose').
   */
  readonly emit?: 'onUpdate' | 'onClose' | undefined;
}

type WindowedOf<S extends AnyStream> = Keep<S, Windowed<NonNullable<KeyOf<S>>, ValueOf<S>>>;

/**
 * Cuts a keyed stream into windows, to be counted, summed, reduced or aggregated: each record goes into every window that
 * holds its timestamp. Rows then have a WindowKey: the key, the start and the end of the window.
 *
 * Changes no record and keeps no state; lateness is judged by the step behind it, by the stream time of the records that
 * reach it with a key. Records with null values are handed to reducers and aggregators, but for sliding windows. Of rows that
 * are emitted on closing, those of windows that close together come by start (sessions by end, then start) and key.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), window(tumbling('5m', { grace: '30s' })), count());
 * clicks.pipe(window(session('30m'), { emit: 'onClose' }), count(), to('visits', { key: sessionWindowed(text) }));
 */
export function window<S extends AnyStream>(
  spec: SessionWindows,
  options?: WindowOptions,
): Op<S, WindowedOf<S> & InSessions>;
export function window<S extends AnyStream>(spec: WindowSpec, options?: WindowOptions): Op<S, WindowedOf<S>>;
export function window(spec: WindowSpec, options: WindowOptions = {}): Op<AnyStream, AnyWindowed> {
  checkSpec(spec);
  checkOptions(options, ['emit'], 'window()');
  const { emit = 'onUpdate' } = options;
  if (emit !== 'onUpdate' && emit !== 'onClose') throw wrongEmit(emit);
  const operator: Operator = { kind: 'window', run: (_task, forward) => [forward] };
  const emits = { shape: 'windowed', window: spec, emitOnClose: emit === 'onClose' } as const;
  return (input) => append(input, ['stream'], operator, emits);
}

function checkSpec(spec: unknown): void {
  const kinds = ['tumbling', 'hopping', 'sliding', 'session'];
  if (kinds.includes((spec as Partial<WindowSpec> | null | undefined)?.kind as string)) return;
  throw new MillraceError('INVALID_ARGUMENT', 'window() was not given windows', {
    expected: 'tumbling(size), hopping(size, { advance }), sliding(difference) or session(gap)',
    found: summary(spec),
    next: "Write window(tumbling('5m')).",
  });
}

function wrongEmit(found: unknown): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', 'window() does not know when to emit', {
    expected: "'onUpdate' or 'onClose'",
    found: summary(found),
    next: "Leave it out to emit with each record, or write { emit: 'onClose' }.",
  });
}
