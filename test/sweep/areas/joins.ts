import { foldStream } from '../steps/aggregationSteps.ts';
import {
  joinForeign,
  joinGlobally,
  joinStreams,
  joinTables,
  joinWithTable,
  referring,
} from '../steps/joinSteps.ts';
import { toTable } from '../steps/streamSteps.ts';
import { filterTable, mapTable } from '../steps/tableSteps.ts';
import { type Area, end, source } from './around.ts';

export const streamJoins: Area = (sketch) => end(sketch, joinStreams(sketch, source(sketch)));

export const streamTableJoins: Area = (sketch) => {
  const { dice } = sketch;
  let table = dice.chance(0.8) ? sketch.table() : dice.pick(toTable, foldStream)(sketch, sketch.stream());
  if (dice.chance(0.3)) table = dice.pick(filterTable, mapTable)(sketch, table);
  end(sketch, joinWithTable(sketch, source(sketch)));
};

export const globalJoins: Area = (sketch) => end(sketch, joinGlobally(sketch, source(sketch)));

export const tableJoins: Area = (sketch) => {
  const { dice } = sketch;
  let table = sketch.table('left');
  if (dice.chance(0.35)) table = dice.pick(filterTable, mapTable)(sketch, table);
  table = joinTables(sketch, table);
  if (dice.chance(0.25)) table = filterTable(sketch, table);
  end(sketch, dice.chance(0.3) ? joinTables(sketch, table) : table);
};

export const foreignKeyJoins: Area = (sketch) => {
  const { dice } = sketch;
  const table = dice.chance(0.85) ? referring(sketch) : foldStream(sketch, source(sketch));
  const left = dice.chance(0.2) ? dice.pick(filterTable, mapTable)(sketch, table) : table;
  const joined = joinForeign(sketch, left);
  end(sketch, dice.chance(0.15) ? joinForeign(sketch, joined) : joined);
};
