import type { Question } from './makeCase.ts';
import { fewerInputs, simplerInputs } from './smallerInputs.ts';
import { fewerNodes, simplerNodes } from './smallerTopology.ts';
import { unsound } from './soundness.ts';

/** All that is one step smaller, what takes most away first. */
type Smaller = (question: Question) => readonly Question[];

const passes: readonly Smaller[] = [fewerInputs, fewerNodes, simplerNodes, simplerInputs];

export interface ShrinkOptions {
  /** Candidates that are tried at most. */
  readonly limit?: number;
}

/** The smallest case found that `differs` still holds for. */
export async function shrink(
  question: Question,
  differs: (candidate: Question) => Promise<boolean>,
  { limit = 3000 }: ShrinkOptions = {},
): Promise<Question> {
  let best = question;
  let tried = 0;
  for (let again = true; again; ) {
    again = false;
    for (const smaller of passes) {
      // After a success the same place is tried again, in what is smaller now.
      for (let at = 0; tried < limit; ) {
        const candidate = smaller(best)[at];
        if (candidate === undefined) break;
        tried++;
        if (unsound(candidate) === undefined && (await differs(candidate))) {
          best = candidate;
          again = true;
        } else at++;
      }
    }
  }
  return best;
}
