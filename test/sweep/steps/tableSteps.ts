import { keyMapper, mapper, predicate } from '../functions.ts';
import type { Flow, Sketch } from '../sketch.ts';
import type { Step } from './streamSteps.ts';

const same = ({ windows, closes }: Flow): Omit<Flow, 'id'> => ({
  is: 'table',
  ...(windows !== undefined && { windows }),
  ...(closes && { closes }),
});

export const filterTable: Step = (sketch, flow) =>
  sketch.flow(sketch.dice.pick('filter', 'filter', 'filterNot'), [flow.id], same(flow), {
    predicate: predicate(sketch.dice),
    store: sketch.store(0.25),
  });

export const mapTable: Step = (sketch, flow) =>
  sketch.flow('mapValues', [flow.id], same(flow), {
    value: mapper(sketch.dice),
    store: sketch.store(0.25),
  });

export const toStream: Step = (sketch, flow) => {
  const key = sketch.dice.chance(flow.windows === undefined ? 0.2 : 0.6)
    ? keyMapper(sketch.dice, flow)
    : undefined;
  const kept = flow.windows === undefined ? {} : { windows: flow.windows };
  const made: Omit<Flow, 'id'> = key === undefined ? { ...kept, is: 'stream' } : { is: 'stream' };
  return sketch.flow('toStream', [flow.id], made, { key });
};

export const suppressTable: Step = (sketch, flow) => {
  const { dice } = sketch;
  if (flow.closes && dice.chance(0.65)) {
    const maxRecords = dice.chance(0.1) ? { maxRecords: dice.pick(2, 5), whenFull: 'shutDown' } : {};
    return sketch.flow('suppress', [flow.id], same(flow), { until: 'windowCloses', ...maxRecords });
  }
  const maxRecords = dice.pick(undefined, undefined, 1, 2, 3);
  return sketch.flow('suppress', [flow.id], same(flow), {
    until: 'timeLimit',
    timeLimitMs: dice.pick(0, 1, 5, 10, 20),
    maxRecords,
    whenFull:
      maxRecords === undefined ? undefined : dice.pick('emitEarly', 'emitEarly', 'emitEarly', 'shutDown'),
  });
};

export function groupTable(sketch: Sketch, flow: Flow): string {
  return sketch.node('groupBy', [flow.id], {
    key: keyMapper(sketch.dice, flow),
    value: sketch.dice.chance(0.5) ? { fn: 'identity' } : mapper(sketch.dice),
  });
}
