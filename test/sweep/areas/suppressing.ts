import type { Flow } from '../sketch.ts';
import { foldStream, foldWindows } from '../steps/aggregationSteps.ts';
import { joinTables } from '../steps/joinSteps.ts';
import { filterTable, suppressTable } from '../steps/tableSteps.ts';
import { type Area, end, source } from './around.ts';

export const suppressing: Area = (sketch) => {
  const { dice } = sketch;
  const make = dice.pick<() => Flow>(
    () => foldWindows(sketch, source(sketch)),
    () => foldWindows(sketch, source(sketch)),
    () => foldStream(sketch, source(sketch)),
    () => sketch.table('in'),
  );
  let table = make();
  if (dice.chance(0.2)) table = filterTable(sketch, table);
  table = suppressTable(sketch, table);
  if (dice.chance(0.15)) table = joinTables(sketch, table);
  end(sketch, table);
};
