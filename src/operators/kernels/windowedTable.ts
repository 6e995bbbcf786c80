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
  readonly rows: Pick<StoreSpec, 'kind' | 'value' | 'windowSize' | 'retention' | 'show'>;
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
  const windows = windowing(kind, window!, settings, emitOnClose === true);
  const operator: Operator = {
    kind,
    keyed: true,
    stores: [{ suffix: '', key, ...windows.rows }, savedNumbers],
    run: (task, emit) =>
      folds.map((fold, index) => windows.steps.receiver(task, emit, fold, streamTime(task, timeRow(index)))),
    view: windows.steps.view,
  };
  return append({ node: inputs[0] }, ['windowed'], operator, {
    inputs,
    shape: 'table',
    name,
    key: windows.key,
    value,
  });
}

const timeRow = (input: number): string => (input === 0 ? 'streamTime' : `streamTime-${input}`);

function windowing(
  kind: string,
  spec: WindowSpec,
  { key, value, retention: given }: StoreSettings,
  onClose: boolean,
): Windowing {
  // Final results are kept a moment longer, as Kafka Streams keeps them.
  const edge = onClose ? 1 : 0;
  if (spec.kind === 'session') {
    const least = spec.gap + spec.grace;
    // Both ends are inclusive: sessions close a moment after that, and have to be there then.
    const retention = given === undefined ? least + 1 : retained(kind, given, least, 'gap + grace');
    const kept = Math.max(retention, least + 1);
    return {
      rows: {
        kind: 'timeline',
        value: sessionRow(value),
        windowSize: 0,
        retention: kept,
        show: showSession,
      },
      key: sessionWindowed(key),
      steps: sessionAggregation(spec, onClose, retention),
    };
  }
  if (spec.kind === 'sliding') {
    const { difference, grace } = spec;
    const retention = retained(kind, given, 2 * difference + grace, '2 * difference + grace');
    return {
      rows: { kind: 'timeline', value, windowSize: difference, retention: retention + edge },
      key: windowed(key, difference),
      steps: slidingAggregation(spec, onClose),
    };
  }
  const retention = retained(kind, given, spec.size + spec.grace, 'size + grace');
  return {
    rows: { kind: 'window', value, windowSize: spec.size, retention: retention + edge },
    key: windowed(key, spec.size),
    steps: windowAggregation(spec, onClose),
  };
}

/** Rows of windows that still take records must be there. */
function retained(kind: string, given: Duration | undefined, least: number, parts: string): number {
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
