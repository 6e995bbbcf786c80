import { cogroup } from '../steps/aggregationSteps.ts';
import { type Area, end, source } from './around.ts';

export const cogrouping: Area = (sketch) => end(sketch, cogroup(sketch, source(sketch)));
