import { joiner } from '../functions.ts';
import type { Flow, Sketch } from '../sketch.ts';
import { foldTable } from '../steps/aggregationSteps.ts';
import { joinForeign, joinTables, joinWithTable } from '../steps/joinSteps.ts';
import { filterTable, mapTable, toStream } from '../steps/tableSteps.ts';
import { type Area, end, source } from './around.ts';

function versionedTable(sketch: Sketch, name = 'table'): Flow {
  const { dice } = sketch;
  const history = dice.pick(0, 5, 20, 50, 100);
  const parameters = { store: sketch.storeName(), versionedHistoryMs: history };
  if (dice.chance(0.25)) {
    const input = sketch.stream(name, { nullValues: 0.15, weight: 2 });
    return sketch.flow('toTable', [input.id], { is: 'table', history }, parameters);
  }
  const topic = sketch.topic(name, { nullValues: 0.15, weight: 2 });
  return sketch.flow('table', [], { is: 'table', history }, { topic, ...parameters });
}

export const versioned: Area = (sketch) => {
  const { dice } = sketch;
  const table = versionedTable(sketch);
  if (dice.chance(0.2)) sketch.output(table);
  const go = dice.weighted<() => Flow>([
    [5, () => joinWithTable(sketch, source(sketch))],
    [2, () => joinVersioned(sketch, table)],
    [1, () => joinTables(sketch, table)],
    [1, () => joinForeign(sketch, table)],
    [1, () => foldTable(sketch, table)],
    [1, () => foldTable(sketch, dice.pick(filterTable, mapTable)(sketch, table))],
    [1, () => dice.pick(filterTable, mapTable, toStream)(sketch, table)],
  ]);
  end(sketch, go());
};

function joinVersioned(sketch: Sketch, left: Flow): Flow {
  const { dice } = sketch;
  const right = versionedTable(sketch, 'right');
  return sketch.flow(
    'tableTableJoin',
    [left.id, right.id],
    { is: 'table' },
    {
      type: dice.pick('inner', 'left', 'outer'),
      joiner: joiner(dice),
      store: sketch.store(),
    },
  );
}
