import type { CaseNode, Expected } from '../conformance/format.ts';
import type { Question } from './makeCase.ts';

/** The same case asked in a way that may not matter to a sound implementation, though it does to Kafka Streams. */
export interface Variant {
  readonly how: string;
  readonly question: Question;
}

/** Of a case whose answer, so much is known, another one may be as good as. */
export function variantsOf(question: Question, { retentionSensitive, error }: Expected): Variant[] {
  const { topology } = question;
  const kept = { ...question, topology: everyTableKept(topology) };
  const found: Variant[] = [];
  if (!same(kept, question)) found.push({ how: 'as if every table had a store', question: kept });
  // An error hides whether retention had a part in it.
  if (retentionSensitive || error !== undefined) {
    const holding = { ...question, topology: nothingLetGo(topology) };
    found.push({ how: 'as if windows were retained for a year', question: holding });
    if (!same(kept, question)) {
      const both = { ...kept, topology: nothingLetGo(kept.topology) };
      found.push({
        how: 'as if every table had a store, and windows were retained for a year',
        question: both,
      });
    }
  }
  return found;
}

const same = (a: Question, b: Question): boolean => JSON.stringify(a) === JSON.stringify(b);

const keepable = new Set(['table', 'toTable', 'tableTableJoin', 'filter', 'filterNot', 'mapValues']);
const makingTables = new Set([
  'table',
  'toTable',
  'tableTableJoin',
  'foreignKeyJoin',
  'count',
  'reduce',
  'aggregate',
]);

/** A filter of a table emits deletions of rows that were never there, unless its source happens to have a store. */
function everyTableKept(topology: readonly CaseNode[]): CaseNode[] {
  const tables = new Set<string>();
  return topology.map((node) => {
    const { id, op, in: ids = [], store } = node;
    const isTable =
      makingTables.has(op) ||
      (ids.length === 1 && tables.has(ids[0]!) && op !== 'toStream' && op !== 'groupBy');
    if (!isTable) return node;
    tables.add(id);
    return keepable.has(op) && store === undefined
      ? { ...node, store: `kept ${id}`.replace(' ', '-') }
      : node;
  });
}

const year = 365 * 86_400_000;

function nothingLetGo(topology: readonly CaseNode[]): CaseNode[] {
  const windowed = new Set(topology.filter(({ op }) => op === 'windowedBy').map(({ id }) => id));
  return topology.map((node) =>
    node.in?.some((id) => windowed.has(id)) ? { ...node, retentionMs: year } : node,
  );
}
