import { selectKey, toTable } from '../steps/streamSteps.ts';
import { filterTable, mapTable, toStream } from '../steps/tableSteps.ts';
import { type Area, end, source } from './around.ts';

export const tables: Area = (sketch) => {
  const { dice } = sketch;
  let table = dice.chance(0.6) ? sketch.table('in') : toTable(sketch, source(sketch));
  for (let steps = dice.between(0, 3); steps > 0; steps--) {
    const back = (): typeof table => {
      const changes = toStream(sketch, table);
      return toTable(sketch, dice.chance(0.2) ? selectKey(sketch, changes) : changes);
    };
    table = dice.chance(0.25) ? back() : dice.pick(filterTable, mapTable)(sketch, table);
  }
  end(sketch, table);
};
