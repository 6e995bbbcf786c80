import { compareCase } from '../conformance/compareCase.ts';
import type { Case, Expected } from '../conformance/format.ts';
import { type Actual, type RunOptions, runCase } from '../conformance/runCase.ts';
import { allBut } from './allBut.ts';
import { behind, excuse } from './excuses.ts';
import type { Question } from './makeCase.ts';
import type { Oracle } from './oracle.ts';
import { paddingOf, tapped, withoutTaps } from './taps.ts';
import { variantsOf } from './variants.ts';

export type Judgement =
  | { readonly is: 'exact' }
  /** Not what Kafka Streams says to this very case, but as good. */
  | { readonly is: 'equivalent'; readonly why: string }
  /** Kafka Streams does what a sound implementation need not do. */
  | { readonly is: 'left out'; readonly why: string; readonly differences: readonly string[] }
  | { readonly is: 'different'; readonly differences: readonly string[]; readonly testCase: Case };

/** Runs a case on Kafka Streams and on millrace. What may differ counts as left out only where it does. */
export async function judge(question: Question, oracle: Oracle, options: RunOptions): Promise<Judgement> {
  const quick = { ...question, expected: await oracle.ask({ ...question, quick: true }) };
  if (compareCase(quick, run(quick, options)).length === 0) return { is: 'exact' };
  const answer = await oracle.ask(tapped(question));
  const testCase: Case = { ...question, expected: withoutTaps(answer) };
  const actual = run(testCase, options);
  const differences = compareCase(testCase, actual);
  if (differences.length === 0) return { is: 'exact' };
  const equivalent =
    (await asOtherwiseAsked(testCase, actual, oracle)) ??
    (laterOnly(testCase, answer, actual) ? 'in another order' : undefined);
  if (equivalent !== undefined) return { is: 'equivalent', why: equivalent };
  const why = excuse(question, answer);
  return why === undefined
    ? { is: 'different', differences, testCase }
    : { is: 'left out', why, differences };
}

/** What the runner itself throws, as when a store cannot be read, is a difference too. */
function run(testCase: Case, options: RunOptions): Actual {
  try {
    return runCase(testCase, options);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { outputs: {}, stores: {}, error: { phase: 'run', step: -1, message } };
  }
}

/** What Kafka Streams would have had to be asked for this answer. */
async function asOtherwiseAsked(testCase: Case, actual: Actual, oracle: Oracle): Promise<string | undefined> {
  const { expected: own, ...question } = testCase;
  const alike = allBut(testCase, own, actual);
  if (alike !== undefined) return alike;
  for (const { how, question: other } of variantsOf(question, own)) {
    const answer = await oracle.ask(other);
    const stores = Object.entries(answer.stores ?? {}).filter(([name]) => own.stores?.[name] !== undefined);
    const expected = { ...answer, ...(answer.stores && { stores: Object.fromEntries(stores) }) };
    if (compareCase({ ...testCase, expected }, actual).length === 0) return how;
    const nearly = allBut(testCase, expected, actual);
    if (nearly !== undefined) return `${how}, ${nearly}`;
  }
  return undefined;
}

const passingOn = new Set(
  'filter filterNot mapValues map selectKey flatMap flatMapValues merge split to'.split(' '),
);

/** A left or outer join emits the right records, only at other moments, and nothing behind it cares when. */
function laterOnly(testCase: Case, answer: Expected, actual: Actual): boolean {
  if (paddingOf(testCase, answer) !== 'at other moments') return false;
  const joins = testCase.topology.filter(({ op, type }) => op === 'streamStreamJoin' && type !== 'inner');
  const ids = joins.map(({ id }) => id);
  const plain = behind(testCase, ids).every(({ op }) => passingOn.has(op));
  return plain && compareCase({ ...testCase, compare: 'unordered' }, actual).length === 0;
}
