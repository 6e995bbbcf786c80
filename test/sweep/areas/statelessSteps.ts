import { some, stateless } from '../grow.ts';
import type { Area } from './around.ts';

export const statelessSteps: Area = (sketch) => {
  sketch.output(some(sketch, sketch.stream(), stateless, sketch.dice.between(1, 5)));
};
