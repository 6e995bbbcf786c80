import { checkChoice } from '../../dsl/checkChoice.ts';
import type { Codec } from '../../dsl/codecs/codec.ts';
import type { IsJson } from '../../dsl/codecs/isJson.ts';
import { checkStepName } from '../../dsl/names.ts';
import { checkOptions } from '../../dsl/options.ts';
import type { AnyStream, MessageOf, NeedsCodec, Stream, ValueOf } from '../../dsl/types.ts';
import { type Duration, milliseconds, signedMilliseconds } from '../../dsl/windows/duration.ts';
import { MillraceError } from '../../errors.ts';
import type { Padded } from './tableTableJoin.ts';

interface Reach {
  /** How far the records of the two sides may be apart, whichever comes first. */
  readonly within?: Duration;
  /** Instead of `within`: how much earlier than the left record the right one may be. May be negative. Default: 0. */
  readonly before?: Duration;
  /** Instead of `within`: how much later than the left record the right one may be. May be negative. Default: 0. */
  readonly after?: Duration;
}

export interface JoinStreamOptions<L, R> extends Reach {
  /** How long after that, in stream time, a record may be late and still find its partners. Default: not at all. */
  readonly grace?: Duration | undefined;
  /**
   * How long the records of a side are kept after their time, in its stream time: so late may those of the other side come. Least:
   * before + after + grace. Default: the same, and never less than a millisecond.
   */
  readonly retention?: Duration | undefined;
  /**
   * Left and outer joins: when records that have found no partner are joined with null. 'once': when none can come any more (default).
   * 'kafka-streams': as there, sometimes later, and late records at once where the grace would let partners come: those
   * are then joined again.
   */
  readonly unmatched?: 'once' | 'kafka-streams' | undefined;
  /** Name of the stores, and with them of their changelog topics. Default: derived from the path. */
  readonly name?: string | undefined;
  /** Writes the values of the left side to their store. Default: the codec they came with, else JSON. */
  readonly left?: Codec<L> | undefined;
  /** The same for the right side. */
  readonly right?: Codec<R> | undefined;
}

/** What the function of a join of streams is told of its result; the headers are those of the record that came last. */
export type JoinedMessage<S extends AnyStream> = Omit<MessageOf<S>, 'value'>;

/** What the function made, in need of a codec where JSON cannot carry it. */
export type JoinedStream<S extends AnyStream, K, R> = S extends AnyStream
  ? IsJson<R> extends true
    ? Stream<K, R>
    : Stream<K, R> & NeedsCodec
  : never;

type Options<S extends AnyStream, W> = JoinStreamOptions<NonNullable<ValueOf<S>>, NonNullable<W>>;

/** The options, with a codec for the left side where none is known. */
export type JoinStreamArguments<S extends AnyStream, W> = S extends NeedsCodec
  ? [options: Options<S, W> & { readonly left: Codec<NonNullable<ValueOf<S>>> }]
  : [options: Options<S, W>];

/** right.timestamp lies in [left.timestamp - before, left.timestamp + after], in ms. */
export interface JoinWindow {
  readonly before: number;
  readonly after: number;
  readonly grace: number;
  readonly retention: number;
}

const ofInner = ['within', 'before', 'after', 'grace', 'retention', 'name', 'left', 'right'];
const ofPadded = [...ofInner, 'unmatched'];

export function joinWindow(kind: string, given: unknown, padded: Padded): JoinWindow {
  checkOptions(given ?? null, padded === 'none' ? ofInner : ofPadded, `${kind}()`);
  const options = given as JoinStreamOptions<unknown, unknown>;
  const { within, before = 0, after = 0, grace = 0, name, unmatched = 'once' } = options;
  checkChoice(unmatched, ['once', 'kafka-streams'], `unmatched of ${kind}()`);
  if (name !== undefined) checkStepName(name, `name of ${kind}()`);
  const both = options.before !== undefined || options.after !== undefined;
  if ((within === undefined) !== both) throw invalid(kind, within === undefined ? 'neither' : 'both of them');
  const window =
    within === undefined
      ? {
          before: signedMilliseconds(before, `before of ${kind}()`),
          after: signedMilliseconds(after, `after of ${kind}()`),
        }
      : {
          before: milliseconds(within, `within of ${kind}()`),
          after: milliseconds(within, `within of ${kind}()`),
        };
  const late = milliseconds(grace, `grace of ${kind}()`);
  if (window.before + window.after < 0)
    throw invalid(kind, `before ${window.before} ms and after ${window.after} ms`);
  const least = window.before + window.after + late;
  return { ...window, grace: late, retention: retained(kind, least, options.retention) };
}

/** What comes at one moment is there for that moment, however narrow the window, unless something else is said. */
function retained(kind: string, least: number, given: Duration | undefined): number {
  if (given === undefined) return Math.max(1, least);
  const retention = milliseconds(given, `retention of ${kind}()`);
  if (retention >= least) return retention;
  throw new MillraceError('INVALID_ARGUMENT', `${kind}() would forget records that still find partners`, {
    expected: `a retention of at least before + after + grace, ${least} ms`,
    found: `${retention} ms`,
    next: 'Leave the retention out, or make it longer.',
  });
}

function invalid(kind: string, found: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `${kind}() was not told how far apart its records may be`, {
    expected: '{ within } or { before, after }, which together are not negative',
    found,
    next: "Write { within: '5m' }, or { before: '0s', after: '5m' } for what comes up to five minutes later.",
  });
}
