import { sessionWindowed } from '../../dsl/codecs/sessionWindowed.ts';
import { windowed } from '../../dsl/codecs/windowed.ts';
import type { AnyCodec, Node, Operator, StoreSpec, WindowSpec } from '../../dsl/node.ts';
import type { AnyTable } from '../../dsl/types.ts';
import { type Duration, milliseconds } from '../../dsl/windows/duration.ts';
import { MillraceError } from '../../errors.ts';
import { append } from './append.ts';
import type { Fold } from './guardedFold.ts';
import { savedNumbers } from './savedNumber.ts';
import { sessionAggregation } from './sessionAggregation.ts';
import { sessionRow, showSession } from './sessionRow.ts';
import { slidingAggregation } from './slidingAggregation.ts';
import type { StoreSettings } from './storeSettings.ts';
import { streamTime } from './streamTime.ts';
import { type WindowSteps, windowAggregation } from './windowAggregation.ts';

/** What one kind of window needs. */
interface Windowing {
  readonly rows: Pick<StoreSpec, 'kind' | 'value' | 'windowSize' | 'show'>;
  /** ms that rows have to be kept for their windows to be whole, and what that is made of. */
  readonly least: number;
  readonly parts: string;
  /** Keys of the results. */
  readonly key: AnyCodec;
  readonly steps: WindowSteps;
}

/**
 * What an aggregation behind window() is: a table of what was folded, by key and window. Streams that are folded into the same rows
 * come after the windowed one, with a fold each; what closes a window for one does not for the others.
 */
export function windowedTable<H extends AnyTable>(
  kind: string,
  inputs: readonly [windowed: Node, ...others: Node[]],
  folds: readonly Fold[],
  settings: StoreSettings,
): H {
  const [{ window, emitOnClose }] = inputs;
  const { name, key, value } = settings;
  const { rows, least, parts, steps, ...emitted } = windowing(window!, settings, emitOnClose === true);
  // Sessions, both of whose ends are inclusive, close a moment after the retention: they have to be there then.
  const extra = window!.kind === 'session' ? 1 : 0;
  const retention = retained(kind, least, parts, settings.retention) + extra;
  const operator: Operator = {
    kind,
    keyed: true,
    stores: [{ suffix: '', key, retention, ...rows }, savedNumbers],
    run: (task, emit) =>
      folds.map((fold, index) => steps.receiver(task, emit, fold, streamTime(task, timeRow(index)))),
    view: steps.view,
  };
  return append({ node: inputs[0] }, ['windowed'], operator, {
    inputs,
    shape: 'table',
    name,
    key: emitted.key,
    value,
  });
}

const timeRow = (input: number): string => (input === 0 ? 'streamTime' : `streamTime-${input}`);

function windowing(spec: WindowSpec, { key, value }: StoreSettings, onClose: boolean): Windowing {
  if (spec.kind === 'session') {
    return {
      rows: { kind: 'timeline', value: sessionRow(value), windowSize: 0, show: showSession },
      least: spec.gap + spec.grace,
      parts: 'gap + grace',
      key: sessionWindowed(key),
      steps: sessionAggregation(spec, onClose),
    };
  }
  if (spec.kind === 'sliding') {
    return {
      rows: { kind: 'timeline', value, windowSize: spec.difference },
      least: 2 * spec.difference + spec.grace,
      parts: '2 * difference + grace',
      key: windowed(key, spec.difference),
      steps: slidingAggregation(spec, onClose),
    };
  }
  return {
    rows: { kind: 'window', value, windowSize: spec.size },
    least: spec.size + spec.grace,
    parts: 'size + grace',
    key: windowed(key, spec.size),
    steps: windowAggregation(spec, onClose),
  };
}

/** Rows of windows that still take records must be there. */
function retained(kind: string, least: number, parts: string, given: Duration | undefined): number {
  const retention = given === undefined ? least : milliseconds(given, `retention of the store of ${kind}()`);
  if (retention >= least) return retention;
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `The store of ${kind}() would forget windows that are still open`,
    {
      expected: `a retention of at least ${parts}, ${least} ms`,
      found: `${retention} ms`,
      next: 'Leave the retention out, or make it longer.',
    },
  );
}
