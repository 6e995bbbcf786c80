import { joiner, keyMapper } from '../functions.ts';
import type { Flow, Sketch } from '../sketch.ts';
import { plainValue } from '../sketch.ts';
import { grace } from '../windows.ts';
import { foldStream } from './aggregationSteps.ts';
import type { Step } from './streamSteps.ts';

const keysOf = ({ windows }: Flow): Pick<Flow, 'windows'> => (windows === undefined ? {} : { windows });

/** An earlier flow with keys like those, or a new source. */
function other(sketch: Sketch, flow: Flow, is: Flow['is'], known = 0.35): Flow {
  const found = sketch.earlier((one) => one.is === is && one.windows === flow.windows);
  if (found !== undefined && (flow.windows !== undefined || sketch.dice.chance(known))) return found;
  if (is === 'stream') return sketch.stream();
  return sketch.dice.chance(0.8) ? sketch.table() : foldStream(sketch, sketch.stream());
}

/** No table has keys like those: the step is not possible. */
const impossible = (sketch: Sketch, { windows }: Flow, is: Flow['is']): boolean =>
  windows !== undefined && sketch.earlier((one) => one.is === is && one.windows === windows) === undefined;

export interface StreamJoin {
  readonly type: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number;
}

function streamJoinWindow({ dice }: Sketch): Omit<StreamJoin, 'type'> {
  const even = dice.pick(0, 1, 5, 10, 10, 100);
  const [beforeMs, afterMs] = dice.chance(0.08)
    ? dice.pick([-2, 10], [10, -2], [-5, 5], [0, 0])
    : [even, dice.pick(even, even, 0, 1, 5, 10, 20)];
  return { beforeMs, afterMs, graceMs: grace(dice, Math.max(2, beforeMs + afterMs)) };
}

export const joinStreams: Step = (sketch, flow) => {
  const { dice } = sketch;
  const right = dice.chance(0.07) ? flow : other(sketch, flow, 'stream', 0.25);
  const type = dice.pick('inner', 'inner', 'left', 'outer');
  const parameters = { type, ...streamJoinWindow(sketch), joiner: joiner(dice, { seesKey: true }) };
  return sketch.flow('streamStreamJoin', [flow.id, right.id], { is: 'stream', ...keysOf(flow) }, parameters);
};

export const joinWithTable: Step = (sketch, flow) => {
  const { dice } = sketch;
  if (impossible(sketch, flow, 'table')) return joinGlobally(sketch, flow);
  const right = other(sketch, flow, 'table');
  const type = dice.pick('inner', 'left');
  // A null key in a left join with a grace ends Kafka Streams with a NullPointerException.
  const waits = right.history !== undefined && type === 'inner' && dice.chance(0.6);
  return sketch.flow(
    'streamTableJoin',
    [flow.id, right.id],
    { is: 'stream', ...keysOf(flow) },
    {
      type,
      joiner: joiner(dice, { seesKey: true }),
      graceMs: waits ? dice.pick(0, 1, 5, right.history!) : undefined,
    },
  );
};

export const joinGlobally: Step = (sketch, flow) => {
  const { dice } = sketch;
  const topic = sketch.topic('global', { keys: ['a', 'b', 'c', 'v', 'w', 'x'], nullValues: 0.15 });
  const global = sketch.node('globalTable', [], { topic, store: sketch.store(0.6) });
  return sketch.flow(
    'streamGlobalTableJoin',
    [flow.id, global],
    { is: 'stream', ...keysOf(flow) },
    {
      type: dice.pick('inner', 'left'),
      key: dice.chance(0.5) ? { fn: 'identity', of: 'key' } : keyMapper(dice, flow),
      joiner: joiner(dice, { seesKey: true }),
    },
  );
};

export const joinTables: Step = (sketch, flow) => {
  const { dice } = sketch;
  const right = dice.chance(0.04) ? flow : other(sketch, flow, 'table');
  const inputs = dice.chance(0.3) ? [right.id, flow.id] : [flow.id, right.id];
  return sketch.flow(
    'tableTableJoin',
    inputs,
    { is: 'table', ...keysOf(flow), ...(flow.closes && { closes: true as const }) },
    {
      type: dice.pick('inner', 'left', 'outer'),
      joiner: joiner(dice),
      store: sketch.store(),
    },
  );
};

/** A table whose rows refer to others: v1|p to the row p. */
export function referring(sketch: Sketch, name = 'left'): Flow {
  return sketch.table(name, {
    keys: sketch.dice.pick(['a', 'b'], ['a', 'ab', 'b'], ['a', 'b', 'c', 'd']),
    nullValues: 0.2,
    value: (dice, serial) => {
      const part = dice.chance(0.7) ? serial : 0;
      return `${dice.pick('v', 'w', 'x')}${part}${dice.pick('|p', '|q', '|p', '|q', '|r', '|pq', '', '|')}`;
    },
  });
}

export const joinForeign: Step = (sketch, flow) => {
  const { dice } = sketch;
  const own = dice.chance(0.6);
  const right = own
    ? sketch.table('right', {
        keys: ['p', 'q', 'r', 'pq', 'a', 'v', 'w'],
        nullValues: 0.2,
        value: plainValue,
      })
    : other(sketch, { id: '', is: 'table' }, 'table', 0.7);
  const foreignKey = dice.weighted([
    [3, { fn: 'part', by: '|', index: 1 }],
    [3, keyMapper(dice, flow)],
  ]);
  return sketch.flow(
    'foreignKeyJoin',
    [flow.id, right.id],
    { is: 'table', ...keysOf(flow) },
    {
      type: dice.pick('inner', 'left'),
      foreignKey,
      joiner: joiner(dice),
      store: sketch.store(),
    },
  );
};
