import { summary } from '../dsl/codecs/summary.ts';
import type { WindowKey } from '../dsl/message.ts';
import type { AnyMessage, Node } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyTable, KeyOf, NeedsCodec, Op, Table, ValueOf } from '../dsl/types.ts';
import { type Duration, milliseconds } from '../dsl/windows/duration.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';
import { closesAfter } from './kernels/closesAfter.ts';
import { inputNode } from './kernels/inputNode.ts';
import { type Store, type StoreOptions, storeSettings } from './kernels/storeSettings.ts';
import { type Suppression, suppression } from './kernels/suppression.ts';

interface SuppressLimits {
  /** How many rows may be held back. Default: any number. */
  readonly maxRecords?: number | undefined;
  /** How many bytes, keys and rows together as they are written. Default: any number. */
  readonly maxBytes?: number | undefined;
}

/** Each row once, as it is when its window takes no records any more. What may not be held back stops the application. */
export interface UntilWindowCloses extends SuppressLimits {
  readonly until: 'windowCloses';
  readonly whenFull?: 'stop' | undefined;
}

/** At most one change of a row in so much stream time. */
export interface UntilTimeLimit extends SuppressLimits {
  readonly until: Duration;
  /** What happens where more would have to be held back: the oldest rows go out early (default), or the application stops. */
  readonly whenFull?: 'emitEarly' | 'stop' | undefined;
}

type SuppressStore<S extends AnyTable> = S extends NeedsCodec
  ? [
      store: StoreOptions<KeyOf<S>, ValueOf<S>> & {
        readonly value: NonNullable<StoreOptions<KeyOf<S>, ValueOf<S>>['value']>;
      },
    ]
  : [store?: Store<KeyOf<S>, ValueOf<S>>];

/**
 * Holds the changes of a table back and emits one per row: from the row as it was last emitted to the row as it is, with
 * timestamp and headers of its last change.
 *
 * `until: 'windowCloses'`, behind windows only: when stream time says that the window takes no records any more, by its end and
 * key; rows that are gone by then never come. `until: '5m'`: when stream time is so far behind the first change that was held
 * back, by the time of that change and key; deletions too. Stream time is the largest timestamp of the changes: without
 * new ones nothing goes out.
 *
 * What is held back is kept in a store. Who reads the table finds the rows as they were last emitted. BUFFER_FULL where more would have
 * to be held back than maxRecords and maxBytes allow and nothing may go out early. MISPLACED_STEP for 'windowCloses'
 * behind what has no windows.
 *
 * @example
 * orders.pipe(window(tumbling('1h')), count(), suppress({ until: 'windowCloses' }), to('orders-per-hour'));
 * prices.pipe(suppress({ until: '10s', maxRecords: 100_000 }), to('prices-now-and-then'));
 */
export function suppress<S extends Table<WindowKey<unknown>, unknown>>(
  options: UntilWindowCloses,
  ...store: SuppressStore<S>
): Op<S, Table<KeyOf<S>, ValueOf<S>>>;
export function suppress<S extends AnyTable>(
  options: UntilTimeLimit,
  ...store: SuppressStore<S>
): Op<S, Table<KeyOf<S>, ValueOf<S>>>;
export function suppress(
  options: UntilWindowCloses | UntilTimeLimit,
  store?: unknown,
): Op<AnyTable, AnyTable> {
  checkOptions(options, ['until', 'maxRecords', 'maxBytes', 'whenFull'], 'suppress()');
  const { until, maxRecords, maxBytes, whenFull } = options ?? {};
  const final = until === 'windowCloses';
  const wait = final ? undefined : milliseconds(until, 'until of suppress()');
  checkLimit('maxRecords', maxRecords);
  checkLimit('maxBytes', maxBytes);
  checkWhenFull(whenFull, final);
  return (input) => {
    const node = inputNode('suppress', input, ['table']);
    if (node.history !== undefined) throw versioned(node);
    const { name, key, value } = storeSettings('suppress', store, node, node.value);
    const operator = suppression({
      placeOf: final ? windowEnd : time,
      wait: wait ?? afterEnd(node),
      final,
      limits: { maxRecords, maxBytes },
      whenFull: whenFull ?? (final ? 'stop' : 'emitEarly'),
      key,
      value,
    });
    return append(input, ['table'], operator, { name, key, value });
  };
}

const windowEnd: Suppression['placeOf'] = ({ key }: AnyMessage) => (key as WindowKey<unknown>).end;
const time: Suppression['placeOf'] = ({ timestamp }: AnyMessage) => timestamp;

function afterEnd(node: Node): number {
  const wait = closesAfter(node);
  if (wait !== undefined) return wait;
  throw new MillraceError('MISPLACED_STEP', 'suppress() waits for windows to close where there are none', {
    expected: 'a table whose rows come out of windows, with nothing mixed in that has none',
    found: `a table made by ${node.operator.kind}`,
    next: "Put window() before the step that counts or aggregates, or wait for a time: suppress({ until: '5m' }).",
  });
}

/** What came out of order would have to be held back as well, and would change nothing in the end. */
function versioned({ operator }: Node): MillraceError {
  return new MillraceError('MISPLACED_STEP', 'suppress() stands behind a table with versions', {
    expected: 'a table without versions',
    found: `${operator.kind} of a table that is versioned`,
    next: "Leave `versioned` out, or make another table of it: toStream(), toTable('name').",
  });
}

function checkLimit(name: string, limit: unknown): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && (limit as number) >= 0)) return;
  throw new MillraceError('INVALID_ARGUMENT', `${name} of suppress() is no number of them`, {
    expected: 'a whole number, not negative',
    found: summary(limit),
    next: 'Correct it, or leave it out: then there is no limit.',
  });
}

function checkWhenFull(whenFull: unknown, final: boolean): void {
  if (whenFull === undefined || whenFull === 'stop' || (whenFull === 'emitEarly' && !final)) return;
  throw new MillraceError('INVALID_ARGUMENT', 'suppress() does not know what to do when it is full', {
    expected: final ? "'stop': what goes out early is not final" : "'emitEarly' or 'stop'",
    found: summary(whenFull),
    next: "Leave whenFull out, or wait for a time: suppress({ until: '5m', whenFull: 'emitEarly' }).",
  });
}
