import { grow } from '../grow.ts';
import type { Area } from './around.ts';

/** Several operators with state behind each other, in any order. */
export const pipelines: Area = (sketch) => {
  const { dice } = sketch;
  const first = dice.chance(0.75) ? sketch.stream() : sketch.table();
  let flow = grow(sketch, first, dice.between(2, 5));
  if (dice.chance(0.3)) {
    sketch.output(flow);
    flow = grow(sketch, dice.chance(0.5) ? first : flow, dice.between(1, 3));
  }
  sketch.output(flow);
};
