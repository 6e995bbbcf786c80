import { foldStream } from '../steps/aggregationSteps.ts';
import { type Area, end, source } from './around.ts';

export const grouping: Area = (sketch) => end(sketch, foldStream(sketch, source(sketch)));
