import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from '../conformance/format.ts';
import { type Judgement, judge } from './judge.ts';
import { makeCase, type Question } from './makeCase.ts';
import type { Oracle } from './oracle.ts';
import { show } from './show.ts';
import { shrink } from './shrink.ts';
import { Tally } from './tally.ts';

export interface SweepOptions {
  readonly seed: number;
  readonly from: number;
  readonly cases: number;
  readonly area?: string | undefined;
  /** Stop and start millrace anew after every step. */
  readonly restarts: boolean;
  /** Where cases that differ are saved. */
  readonly keep?: string | undefined;
  /** Differences that are made smaller; more are only counted and saved. */
  readonly show: number;
  readonly log: (line: string) => void;
  readonly progress: (tally: Tally) => void;
}

/** Cases that Kafka Streams is asked ahead of millrace. */
const ahead = 8;

/** Runs random cases on both sides, and tells each difference by the smallest case that shows it. */
export async function runSweep(oracle: Oracle, options: SweepOptions): Promise<Tally> {
  const tally = new Tally();
  const running: Promise<void>[] = [];
  for (let index = options.from; index < options.from + options.cases; index++) {
    const question = makeCase(options.seed, index, options.area);
    running.push(
      judgeOne(question, oracle, options).then(async (judgement) => {
        tally.add(question.area, judgement);
        options.progress(tally);
        if (judgement.is === 'different')
          await tell(question, judgement, oracle, options, tally.differences <= options.show);
      }),
    );
    if (running.length >= ahead) await running.shift();
  }
  await Promise.all(running);
  return tally;
}

/** A timer of the wall clock begins anew with its task: such cases are never restarted. */
function judgeOne(question: Question, oracle: Oracle, { restarts }: SweepOptions): Promise<Judgement> {
  const timed = question.topology.some(({ processor }) => processor?.clock === 'wall');
  return judge(question, oracle, { restarts: restarts && !timed });
}

type Difference = Judgement & { readonly is: 'different' };

async function tell(
  question: Question,
  found: Difference,
  oracle: Oracle,
  options: SweepOptions,
  smaller: boolean,
): Promise<void> {
  const { testCase, differences } = smaller ? await smallest(question, found, oracle, options) : found;
  const file = keep(testCase, options.keep);
  options.log(smaller ? `\n${show(testCase, differences)}` : `DIFFERENT ${testCase.name}`);
  options.log(
    `  --seed=${options.seed} --area=${question.area} index ${question.name.split('-').at(-1)}, saved as ${file}`,
  );
}

async function smallest(
  question: Question,
  found: Difference,
  oracle: Oracle,
  options: SweepOptions,
): Promise<Difference> {
  let best = found;
  const sort = sortOf(found);
  await shrink(question, async (candidate) => {
    const judgement = await judgeOne(candidate, oracle, options).catch(() => undefined);
    if (judgement?.is !== 'different' || sortOf(judgement) !== sort) return false;
    best = judgement;
    return true;
  });
  return best;
}

/** An error on one side only is another difference than wrong records, and stays that error while the case gets smaller. */
function sortOf({ differences: [first = ''] }: Difference): string {
  const sides = /^error: (.*?)(?:Error:|$)/.exec(first)?.[1];
  if (sides === undefined) return 'records';
  // What an error says before it names the step, which falls out sooner or later.
  const said = /Error: (.*?)(?: \(step |$)/.exec(first.split('\n')[0]!)?.[1];
  return `${sides.replaceAll(/step \d+/g, 'a step')} ${said}`;
}

function keep(testCase: Case, folder = join(import.meta.dirname, '../../.millrace/sweep')): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${testCase.name}.json`);
  writeFileSync(file, `${JSON.stringify(testCase, null, 1)}\n`);
  return file;
}
