import { grow, some, stateless } from '../grow.ts';
import type { Flow, Sketch } from '../sketch.ts';

export type Area = (sketch: Sketch) => void;

/** A stream as most steps see it: as it comes from its topic, or after a few steps without state. */
export function source(sketch: Sketch): Flow {
  return some(sketch, sketch.stream(), stateless, sketch.dice.pick(0, 0, 0, 0, 1, 2));
}

/** What an area is about, written out; now and then with other steps behind it. */
export function end(sketch: Sketch, flow: Flow): void {
  const behind = sketch.dice.pick(0, 0, 0, 0, 1, 1, 2, 3);
  if (behind > 0 && sketch.dice.chance(0.3)) sketch.output(flow);
  sketch.output(grow(sketch, flow, behind));
}
