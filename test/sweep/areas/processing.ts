import { process } from '../steps/streamSteps.ts';
import { type Area, end, source } from './around.ts';

export const processing: Area = (sketch) => {
  const made = process(sketch, source(sketch));
  end(sketch, sketch.dice.chance(0.2) ? process(sketch, made) : made);
};
