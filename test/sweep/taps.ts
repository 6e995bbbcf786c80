import type { CaseNode, Expected, Output } from '../conformance/format.ts';
import { movedBefore } from './hops.ts';
import type { Question } from './makeCase.ts';
import { type Arrival, plainJoin, type Side } from './plainJoin.ts';

const padding = ({ op, type }: CaseNode): boolean => op === 'streamStreamJoin' && type !== 'inner';

const tap = (join: CaseNode, place: Side | 'out'): string => `tap ${join.id} ${place}`;

/** The same case with more written out: what goes into and comes out of left and outer joins of streams, and groups of tables. */
export function tapped(question: Question): Question {
  const { topology } = question;
  const joins = topology.filter(padding).flatMap((join) => [
    { id: `${join.id} left`, op: 'to', in: [join.in![0]!], topic: tap(join, 'left') },
    { id: `${join.id} right`, op: 'to', in: [join.in![1]!], topic: tap(join, 'right') },
    { id: `${join.id} out`, op: 'to', in: [join.id], topic: tap(join, 'out') },
  ]);
  const groups = foldsOfTables(question).flatMap((fold) => [
    { id: `${fold.id} changes`, op: 'toStream', in: [fold.id] },
    { id: `${fold.id} out`, op: 'to', in: [`${fold.id} changes`], topic: tap(fold, 'out') },
  ]);
  return { ...question, topology: [...topology, ...([...joins, ...groups] as unknown as CaseNode[])] };
}

function foldsOfTables({ topology }: Question): CaseNode[] {
  const grouped = new Set(
    topology.filter(({ op, value }) => op === 'groupBy' && value !== undefined).map(({ id }) => id),
  );
  return topology.filter(({ in: ids = [] }) => ids.length === 1 && grouped.has(ids[0]!));
}

/** Of a case that was run with taps: a group lost a row that it never had, which Kafka Streams tells by a tombstone. */
export function losesWhatNeverWas(question: Question, { outputs = {} }: Expected): boolean {
  return foldsOfTables(question).some((fold) =>
    outputs[tap(fold, 'out')]?.some(({ optional, value }) => optional && value === null),
  );
}

/** What is expected of the case itself. */
export function withoutTaps(expected: Expected): Expected {
  const { outputs } = expected;
  if (outputs === undefined) return expected;
  const own = Object.entries(outputs).filter(([topic]) => !topic.startsWith('tap '));
  return { ...expected, outputs: Object.fromEntries(own) };
}

export type Padding = 'plain' | 'at other moments' | 'other records';

/** How the left and outer joins of a case went that was run with taps. */
export function paddingOf(question: Question, expected: Expected): Padding {
  const found = question.topology.filter(padding).map((join) => paddingOfJoin(question, join, expected));
  if (found.includes('other records')) return 'other records';
  return found.includes('at other moments') ? 'at other moments' : 'plain';
}

function paddingOfJoin(question: Question, join: CaseNode, { outputs = {} }: Expected): Padding {
  const sides = (['left', 'right'] as const).map((side, index) => {
    // An internal topic in front of a side that is not padded drops null keys.
    const drops = movedBefore(question, join, index) && side === 'right' && join.type === 'left';
    const records = outputs[tap(join, side)] ?? [];
    return records.filter(({ key }) => !(drops && key === null)).map((record) => ({ ...record, side }));
  });
  const got = outputs[tap(join, 'out')] ?? [];
  const tries = orders(sides[0]!, sides[1]!).map((arrivals) => plainJoin(join, arrivals));
  if (tries.some((wanted) => textOf(wanted).join('\n') === textOf(got).join('\n'))) return 'plain';
  const anyhow = (records: readonly Output[]): string =>
    textOf(records.map((one) => ({ ...one, step: 0 })))
      .sort()
      .join('\n');
  return tries.some((wanted) => anyhow(wanted) === anyhow(got)) ? 'at other moments' : 'other records';
}

/** Which of two inputs of one step came first is not recorded: all ways in which it may have been. */
function orders(left: readonly Arrival[], right: readonly Arrival[]): Arrival[][] {
  const steps = [...new Set([...left, ...right].map(({ step }) => step))].sort((a, b) => a - b);
  const of = (side: readonly Arrival[], step: number): Arrival[] => side.filter((one) => one.step === step);
  const inTurns = (one: Arrival[], other: Arrival[]): Arrival[] =>
    Array.from({ length: Math.max(one.length, other.length) }, (_, at) => [one[at], other[at]])
      .flat()
      .filter((arrival) => arrival !== undefined);
  const ways: ((a: Arrival[], b: Arrival[]) => Arrival[])[] = [
    (a, b) => [...a, ...b],
    (a, b) => [...b, ...a],
    (a, b) => inTurns(a, b),
    (a, b) => inTurns(b, a),
  ];
  return ways.map((way) => steps.flatMap((step) => way(of(left, step), of(right, step))));
}

const textOf = (records: readonly Output[]): string[] =>
  records.map(({ step, key, window, value, timestamp }) =>
    JSON.stringify([step, key, window, value, timestamp]),
  );
