import { adder, init, keyMapper, merger, subtractor } from '../functions.ts';
import type { Flow, Sketch } from '../sketch.ts';
import { leastRetention, randomWindow, type WindowOf, windowText } from '../windows.ts';
import type { Step } from './streamSteps.ts';
import { groupTable } from './tableSteps.ts';

const day = 86_400_000;

/** A grouped stream of plain keys, or of those it has. */
function groupStream(
  sketch: Sketch,
  flow: Flow,
  { plain }: { plain: boolean },
): [id: string, windows?: string] {
  const regroup = (plain && flow.windows !== undefined) || sketch.dice.chance(0.25);
  if (regroup) return [sketch.node('groupBy', [flow.id], { key: keyMapper(sketch.dice, flow) })];
  return flow.windows === undefined
    ? [sketch.node('groupByKey', [flow.id])]
    : [sketch.node('groupByKey', [flow.id]), flow.windows];
}

/** What is folded, how, and where to: parameters of count, reduce and aggregate. */
interface Fold {
  readonly session?: boolean;
  readonly subtracts?: boolean;
  readonly retentionMs?: number | undefined;
}

function fold(
  sketch: Sketch,
  input: string,
  made: Omit<Flow, 'id'>,
  { session, subtracts, retentionMs }: Fold,
): Flow {
  const { dice } = sketch;
  const kept = { store: sketch.store(), retentionMs };
  const op = dice.pick('count', 'reduce', 'aggregate', 'aggregate');
  if (op === 'count') return sketch.flow(op, [input], made, kept);
  const add = adder(dice);
  const more = {
    ...(subtracts === true && { subtractor: subtractor(dice, add) }),
    ...(op === 'reduce' ? { reducer: add } : { adder: add, init: init(dice, add) }),
    ...(op === 'aggregate' && session === true && { merger: merger(dice, add) }),
  };
  return sketch.flow(op, [input], made, { ...more, ...kept });
}

export const foldStream: Step = (sketch, flow) => {
  const [grouped, windows] = groupStream(sketch, flow, { plain: false });
  return fold(sketch, grouped, { is: 'table', ...(windows !== undefined && { windows }) }, {});
};

export const foldTable: Step = (sketch, flow) =>
  fold(sketch, groupTable(sketch, flow), { is: 'table' }, { subtracts: true });

export function foldWindows(
  sketch: Sketch,
  flow: Flow,
  { window = randomWindow(sketch.dice), emit }: { window?: WindowOf; emit?: string | undefined } = {},
): Flow {
  const [grouped] = groupStream(sketch, flow, { plain: true });
  const cut = sketch.node('windowedBy', [grouped], { window, emit });
  return fold(
    sketch,
    cut,
    { is: 'table', windows: windowText(window), closes: true },
    { session: window.type === 'session', retentionMs: retention(sketch, window, emit) },
  );
}

/** On close Kafka Streams loses what its store no longer holds: mostly it holds enough. */
function retention({ dice }: Sketch, window: WindowOf, emit: string | undefined): number | undefined {
  if (emit === 'onWindowClose' && window.type !== 'session') return day;
  const least = leastRetention(window);
  return dice.weighted([
    [5, undefined],
    [3, day],
    [1, least + dice.pick(0, 1, 10)],
    [1, 3 * least],
  ]);
}

export const randomWindows: Step = (sketch, flow) => {
  const emit = sketch.dice.chance(0.2)
    ? sketch.dice.pick('onWindowClose', 'onWindowClose', 'onWindowUpdate')
    : undefined;
  return foldWindows(sketch, flow, { emit });
};

/** With one or two other streams, in windows or not. */
export const cogroup: Step = (sketch, flow) => {
  const { dice } = sketch;
  const numeric = dice.chance(0.4);
  const adderOfKind = () => {
    for (;;) {
      const made = adder(dice);
      if (numeric === ['sum', 'increment', 'decrement', 'subtract'].includes(made.fn)) return made;
    }
  };
  const inputs = [flow];
  while (inputs.length < dice.pick(1, 2, 2, 2, 3)) {
    const known = sketch.earlier(({ is, windows }) => is === 'stream' && windows === undefined);
    inputs.push(known !== undefined && dice.chance(0.4) ? known : sketch.stream());
  }
  const grouped = inputs.map((input) => groupStream(sketch, input, { plain: true })[0]);
  const adders = inputs.map(adderOfKind);
  const cogrouped = sketch.node('cogroup', grouped, { adders });
  const first = init(dice, adders[0]!);
  if (dice.chance(0.4)) {
    return sketch.flow('aggregate', [cogrouped], { is: 'table' }, { init: first, store: sketch.store() });
  }
  const window = randomWindow(dice);
  const cut = sketch.node('windowedBy', [cogrouped], { window });
  return sketch.flow(
    'aggregate',
    [cut],
    { is: 'table', windows: windowText(window), closes: true },
    {
      init: first,
      ...(window.type === 'session' && { merger: merger(dice, adders[0]!) }),
      store: sketch.store(),
      retentionMs: retention(sketch, window, undefined),
    },
  );
};
