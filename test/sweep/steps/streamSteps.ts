import { keyMapper, mapper, multiMapper, predicate } from '../functions.ts';
import type { Flow, Sketch } from '../sketch.ts';

export type Step = (sketch: Sketch, flow: Flow) => Flow;

const same = ({ windows }: Flow): Omit<Flow, 'id'> => ({
  is: 'stream',
  ...(windows !== undefined && { windows }),
});
const rekeyed = { is: 'stream' } as const;

export const filterStream: Step = (sketch, flow) =>
  sketch.flow(sketch.dice.pick('filter', 'filterNot'), [flow.id], same(flow), {
    predicate: predicate(sketch.dice),
  });

export const mapStream: Step = (sketch, flow) =>
  sketch.flow('mapValues', [flow.id], same(flow), { value: mapper(sketch.dice) });

export const mapBoth: Step = (sketch, flow) =>
  sketch.flow('map', [flow.id], rekeyed, { key: keyMapper(sketch.dice, flow), value: mapper(sketch.dice) });

export const selectKey: Step = (sketch, flow) =>
  sketch.flow('selectKey', [flow.id], rekeyed, { key: keyMapper(sketch.dice, flow) });

export const flatMapValues: Step = (sketch, flow) =>
  sketch.flow('flatMapValues', [flow.id], same(flow), { values: multiMapper(sketch.dice) });

export const flatMap: Step = (sketch, flow) =>
  sketch.flow('flatMap', [flow.id], rekeyed, {
    values: multiMapper(sketch.dice),
    key: keyMapper(sketch.dice, flow),
    value: mapper(sketch.dice),
  });

export const repartition: Step = (sketch, flow) => sketch.flow('repartition', [flow.id], same(flow));

export const toTable: Step = (sketch, flow) =>
  sketch.flow('toTable', [flow.id], { ...same(flow), is: 'table' }, { store: sketch.store() });

/** Goes on with one branch or, merged, with several; another one may be an output. */
export const split: Step = (sketch, flow) => {
  const { dice } = sketch;
  const names = dice.pick(['p'], ['p', 'q'], ['p', 'q']);
  const rest = dice.pick('rest', undefined);
  const id = sketch.node('split', [flow.id], {
    branches: names.map((name) => ({ name, predicate: predicate(dice) })),
    default: rest,
  });
  const [first, ...others] = [...names, ...(rest === undefined ? [] : [rest])]
    .map((name) => sketch.keep({ ...same(flow), id: `${id}.${name}` }))
    .sort(() => (dice.chance(0.5) ? 1 : -1));
  const [other] = others;
  if (other === undefined) return first!;
  if (dice.chance(0.4)) sketch.output(other);
  else if (dice.chance(0.5)) return sketch.flow('merge', [first!.id, other.id], same(flow));
  return first!;
};

/** With an earlier stream, itself, or another topic. */
export const merge: Step = (sketch, flow) => {
  const { dice } = sketch;
  // Kafka Streams merges a stream with itself into one of it: docs/kafka-streams.md.
  const taken = new Set([flow.id]);
  for (let others = dice.pick(1, 1, 1, 2); others > 0; others--) {
    const fits = ({ id, is, windows }: Flow): boolean =>
      is === 'stream' && windows === flow.windows && !taken.has(id);
    const known = dice.chance(0.5) ? sketch.earlier(fits) : undefined;
    if (known !== undefined) taken.add(known.id);
    else if (flow.windows === undefined) taken.add(sketch.stream().id);
  }
  return taken.size === 1 ? mapStream(sketch, flow) : sketch.flow('merge', [...taken], same(flow));
};

/** Processors that keep nothing, or rows under plain keys. */
export const process: Step = (sketch, flow) => {
  const { dice } = sketch;
  const clock = dice.pick('stream', 'wall');
  const everyMs = dice.pick(1, 5, 10);
  const made = dice.pick<object>(
    { fn: 'shiftTimestamp', ms: dice.pick(-20, -5, 5, 7) },
    {
      fn: 'timestampFromValue',
      mapper: dice.pick<object>({ fn: 'length' }, { fn: 'plus', n: 3 }, { fn: 'toLong' }),
    },
    { fn: 'streamTime' },
    { fn: 'tick', everyMs, clock },
    { fn: 'dedupe' },
    { fn: 'runningCount' },
    { fn: 'bufferLatest', everyMs, clock },
  ) as { readonly fn: string };
  const stateful = ['dedupe', 'runningCount', 'bufferLatest'].includes(made.fn);
  if (stateful && flow.windows !== undefined) return mapStream(sketch, flow);
  // Null keys are an error in the rows of both; sources may send them.
  const input = stateful
    ? sketch.flow('filterNot', [flow.id], same(flow), { predicate: { fn: 'isNull', of: 'key' } })
    : flow;
  return sketch.flow('process', [input.id], made.fn === 'tick' ? rekeyed : same(flow), {
    processor: stateful ? { ...made, store: sketch.storeName() } : made,
  });
};
