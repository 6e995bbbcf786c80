import { foldTable } from '../steps/aggregationSteps.ts';
import { filterTable, mapTable } from '../steps/tableSteps.ts';
import { type Area, end } from './around.ts';

export const tableGrouping: Area = (sketch) => {
  const { dice } = sketch;
  let table = sketch.table();
  if (dice.chance(0.4)) table = dice.pick(filterTable, mapTable)(sketch, table);
  end(sketch, foldTable(sketch, table));
};
