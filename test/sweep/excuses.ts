import type { CaseNode, Expected } from '../conformance/format.ts';
import { comesByTopic } from './hops.ts';
import type { Question } from './makeCase.ts';
import { losesWhatNeverWas, paddingOf } from './taps.ts';

/**
 * Why a case may differ: what Kafka Streams does there is its own mistake, and a sound implementation need not make it too. Asked only
 * where there is a difference.
 */
export function excuse(question: Question, answer: Expected): string | undefined {
  const { topology } = question;
  if (topology.some(retainsNothing)) return 'a join of 0 ms retains nothing';
  if (behindSuppress(question, retracts)) return 'a suppressed row is retracted that was never emitted';
  if (behindSuppress(question, joinsTables)) return 'a join reads a suppressed table before its first row';
  if (losesWhatNeverWas(question, answer)) return 'a group loses a row that it never had';
  if (answer.error !== undefined && topology.some((node) => fillsBuffer(question, node)))
    return 'a tombstone of a group that never was fills a buffer';
  if (topology.some((node) => suppressesKept(question, node)))
    return 'ties of suppressed windows go by bytes';
  if (topology.some((node) => joinsItself(question, node))) return 'a table is joined with itself';
  if (topology.some((node) => answersRace(question, node))) return 'answers to foreign keys overtake rows';
  const padding = paddingOf(question, answer);
  if (padding !== 'plain') return `a join pads ${padding}`;
  return answer.retentionSensitive ? 'it depends on the retention of a windowed store' : undefined;
}

/** As losesWhatNeverWas, where the tombstone is not to be seen, since it is one row too many for a buffer that may not be full. */
function fillsBuffer(question: Question, { id, op, value }: CaseNode): boolean {
  if (op !== 'groupBy' || value === undefined) return false;
  return behind(question, [id]).some((node) => node.op === 'suppress' && node.whenFull === 'shutDown');
}

/** Of two changes of a row in one step the second may come before the answer to the first, and makes it void; or not. */
function answersRace(question: Question, node: CaseNode): boolean {
  return node.op === 'foreignKeyJoin' && comesByTopic(question, node, 0);
}

/** A join whose before, after and grace are all 0 keeps no record, and so joins none. */
function retainsNothing({ op, beforeMs = 0, afterMs = 0, graceMs }: CaseNode): boolean {
  return op === 'streamStreamJoin' && beforeMs + afterMs + graceMs! <= 0;
}

/** The change of a row that was held back names the one held before it as old, though nobody has seen that. */
const retracts = ({ op }: CaseNode): boolean =>
  op === 'foreignKeyJoin' || op === 'groupBy' || op === 'filter' || op === 'filterNot';

/** Of a row that is held back for the first time a join finds the initial value of its aggregate. */
const joinsTables = ({ op }: CaseNode): boolean => op === 'tableTableJoin' || op === 'streamTableJoin';

/** Or with what was made of it: which of the two changes is seen first is nobody's promise. */
function joinsItself({ topology }: Question, { op, in: ids = [] }: CaseNode): boolean {
  if (op !== 'tableTableJoin') return false;
  const rows = { topology: topology.filter((node) => rowwise.has(node.op)) };
  const reach = (id: string): Set<string> => new Set([id, ...behind(rows, [id]).map((node) => node.id)]);
  return topology.some(({ id }) => ids.every((side) => reach(id).has(side)));
}

const rowwise = new Set(['filter', 'filterNot', 'mapValues', 'tableTableJoin', 'suppress']);

/**
 * Of rows that fall due together the one whose key has the smaller bytes comes first. Windowed keys are written as the oracle's own
 * serde has them where a table in between has a store, as Kafka Streams' own where none has.
 */
function suppressesKept({ topology }: Question, { op, in: ids = [] }: CaseNode): boolean {
  if (op !== 'suppress') return false;
  let kept = false;
  for (let from = topology.find(({ id }) => id === ids[0]); from !== undefined; ) {
    if (folding.has(from.op))
      return kept && topology.some(({ id, op: made }) => id === from!.in![0] && made === 'windowedBy');
    kept ||= from.store !== undefined || from.op === 'toTable';
    const [next] = from.in ?? [];
    from = topology.find(({ id }) => id === next);
  }
  return false;
}

const folding = new Set(['count', 'reduce', 'aggregate']);

/** Of tables alone: a stream knows no rows of before. */
function behindSuppress({ topology }: Question, holds: (node: CaseNode) => boolean): boolean {
  const tables = { topology: topology.filter(({ op }) => op !== 'toStream') };
  return topology.some(({ id, op }) => op === 'suppress' && behind(tables, [id]).some(holds));
}

/** All nodes that something of those comes to. */
export function behind({ topology }: Pick<Question, 'topology'>, from: readonly string[]): CaseNode[] {
  const reached = new Set(from);
  const found: CaseNode[] = [];
  for (const node of topology) {
    if (!node.in?.some((id) => reached.has(id.split('.')[0]!))) continue;
    reached.add(node.id);
    found.push(node);
  }
  return found;
}
