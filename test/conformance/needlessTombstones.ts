import type { CaseNode } from './format.ts';

/**
 * The filters of tables that emit a tombstone for every row that fails, needed or not: Kafka Streams does not know what a row was
 * where nothing before the filter, in the order of description, has made it keep the table that it reads.
 */
export function needlessTombstones(topology: readonly CaseNode[]): ReadonlySet<string> {
  const nodes = new Map(topology.map((node) => [node.id, node]));
  const kept = new Set<string>();
  const knowing = new Set<string>();

  /** A step asks its input to say what rows were. Only if `force` does a source begin to keep its rows for that. */
  const ask = (id: string, force: boolean): boolean => {
    const { op, in: inputs = [], store } = nodes.get(id)!;
    if (knowing.has(id)) return true;
    if (sources.has(op)) {
      if (!force && !kept.has(id)) return false;
      kept.add(id);
    } else if (rowwise.has(op) || op === 'suppress') {
      if (!ask(inputs[0]!, force) && store === undefined) return false;
    } else if (op === 'tableTableJoin') {
      for (const input of inputs) ask(input, true);
    }
    knowing.add(id);
    return true;
  };
  /** A step reads the rows of its input. */
  const read = (id: string): void => {
    const { op, in: inputs = [], store } = nodes.get(id)!;
    if (sources.has(op)) kept.add(id);
    else if (store === undefined && !folds.has(op)) for (const input of inputs) read(input);
  };

  const filters: string[] = [];
  for (const { id, op, in: inputs = [], type, store } of topology) {
    if (sources.has(op) && store !== undefined) kept.add(id);
    if (op === 'filter' || op === 'filterNot') {
      filters.push(id);
      if (tabular(nodes, inputs[0]!) && ask(inputs[0]!, false)) knowing.add(id);
    }
    if (op === 'suppress' || op === 'foreignKeyJoin') for (const input of inputs) ask(input, true);
    if (op === 'groupBy' && tabular(nodes, inputs[0]!)) ask(inputs[0]!, true);
    if (op === 'streamTableJoin') read(inputs[1]!);
    if (op === 'tableTableJoin') {
      if (type !== 'inner') ask(inputs[0]!, true);
      if (type === 'outer') ask(inputs[1]!, true);
      for (const input of inputs) read(input);
    }
  }
  return new Set(filters.filter((id) => !knowing.has(id) || versioned(nodes, nodes.get(id)!.in![0]!)));
}

/** Of a table with versions a filter always tells what fails, as it may be out of order, and rows before it come to be the newest. */
function versioned(nodes: ReadonlyMap<string, CaseNode>, id: string): boolean {
  const { op, in: inputs = [], store, versionedHistoryMs } = nodes.get(id.split('.')[0]!)!;
  if (versionedHistoryMs !== undefined) return true;
  return rowwise.has(op) && store === undefined && inputs[0] !== undefined && versioned(nodes, inputs[0]);
}

const rowwise: ReadonlySet<string> = new Set(['filter', 'filterNot', 'mapValues']);
/** What comes back from a foreign-key join is read like a topic. */
const sources: ReadonlySet<string> = new Set(['table', 'toTable', 'foreignKeyJoin']);
const folds: ReadonlySet<string> = new Set(['count', 'reduce', 'aggregate']);
const tables: ReadonlySet<string> = new Set([...sources, ...folds, 'suppress', 'tableTableJoin']);

function tabular(nodes: ReadonlyMap<string, CaseNode>, id: string): boolean {
  const node = nodes.get(id);
  if (node === undefined) return false; // a branch
  return tables.has(node.op) || (rowwise.has(node.op) && tabular(nodes, node.in![0]!));
}
