import type { Disturbance } from './disturbances.ts';

export interface Case {
  readonly disturbances: readonly Disturbance[];
  readonly records: number;
}

/** The smallest case that can be had by leaving out what need not be there: `fails` says whether one still does. */
export async function shrink(whole: Case, fails: (smaller: Case) => Promise<boolean>): Promise<Case> {
  let smallest = whole;
  for (let before: Case | undefined; before !== smallest; ) {
    before = smallest;
    smallest = await withFewerRecords(await withFewerDisturbances(smallest, fails), fails);
  }
  return smallest;
}

type Fails = (smaller: Case) => Promise<boolean>;

/** Leaves out half of them, a quarter, and so on to each alone. */
async function withFewerDisturbances(from: Case, fails: Fails): Promise<Case> {
  let smallest = from;
  for (
    let size = Math.ceil(from.disturbances.length / 2);
    size > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let start = 0; start < smallest.disturbances.length; ) {
      const disturbances = smallest.disturbances.filter((_, index) => index < start || index >= start + size);
      const smaller = { ...smallest, disturbances };
      if (await fails(smaller)) smallest = smaller;
      else start += size;
    }
  }
  return smallest;
}

async function withFewerRecords(from: Case, fails: Fails): Promise<Case> {
  let smallest = from;
  for (let less = Math.floor(from.records / 2); less > 0; less = Math.floor(less / 2)) {
    for (;;) {
      const smaller = { ...smallest, records: smallest.records - less };
      if (smaller.records < 1 || !(await fails(smaller))) break;
      smallest = smaller;
    }
  }
  return smallest;
}
