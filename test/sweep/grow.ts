import type { Flow, Sketch } from './sketch.ts';
import { cogroup, foldStream, foldTable, randomWindows } from './steps/aggregationSteps.ts';
import { joinForeign, joinGlobally, joinStreams, joinTables, joinWithTable } from './steps/joinSteps.ts';
import {
  filterStream,
  flatMap,
  flatMapValues,
  mapBoth,
  mapStream,
  merge,
  process,
  repartition,
  type Step,
  selectKey,
  split,
  toTable,
} from './steps/streamSteps.ts';
import { filterTable, mapTable, suppressTable, toStream } from './steps/tableSteps.ts';

type Choices = readonly (readonly [weight: number, step: Step])[];

export const stateless: Choices = [
  [3, filterStream],
  [3, mapStream],
  [1, mapBoth],
  [2, selectKey],
  [1, flatMapValues],
  [1, flatMap],
  [1, repartition],
  [1, split],
  [1, merge],
];

const onStreams: Choices = [
  ...stateless,
  [2, toTable],
  [1, process],
  [3, foldStream],
  [4, randomWindows],
  [2, cogroup],
  [4, joinStreams],
  [3, joinWithTable],
  [1, joinGlobally],
];

const onTables: Choices = [
  [3, filterTable],
  [3, mapTable],
  [3, toStream],
  [3, foldTable],
  [4, joinTables],
  [3, joinForeign],
  [3, suppressTable],
];

/** Puts so many steps of any kind behind a flow. */
export function grow(sketch: Sketch, flow: Flow, steps: number): Flow {
  let grown = flow;
  for (let i = 0; i < steps; i++) {
    const step = sketch.dice.weighted(grown.is === 'stream' ? onStreams : onTables);
    grown = step(sketch, grown);
    if (sketch.dice.chance(0.08)) sketch.output(grown);
  }
  return grown;
}

/** Steps of one kind only. */
export function some(sketch: Sketch, flow: Flow, choices: Choices, steps: number): Flow {
  let grown = flow;
  for (let i = 0; i < steps; i++) grown = sketch.dice.weighted(choices)(sketch, grown);
  return grown;
}
