import { seededRandom } from '../../../src/runtime/testing/seededRandom.ts';
import type { Topic } from '../contract/statefulOperator.ts';
import type { Input } from '../contract/trial.ts';

export const minute = 60_000;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

/** Less than this long after later ones come records that are out of order. */
export const lateness: number = 10 * minute;

/**
 * Six weeks from the middle of 2025, a record every eight minutes or so. Every tenth is out of order; no two are of one moment. Of
 * the keys one has some records every few days, with silence between, and one is a new one each day.
 */
export function sixWeeks(topics: readonly Topic[], seed: number): Input[] {
  const random = seededRandom(seed);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const begin = Date.UTC(2025, 5, 1);
  const inputs: { readonly arrival: number; readonly input: Input }[] = [];
  for (let now = begin; now < begin + 42 * day; now += 1 + Math.floor(random() * 16 * minute)) {
    const today = Math.floor((now - begin) / day);
    const seldom = today % 4 === 0 && now % day < 2 * hour;
    const key = seldom ? 'seldom' : random() < 0.05 ? `day ${today}` : pick(['a', 'b', 'c']);
    const wait = random() < 0.1 ? Math.floor(random() * (lateness - 1)) : 0;
    const input = {
      topic: pick(topics),
      key,
      value: Math.floor(random() * 7),
      timestamp: now,
      pause: 8 * minute,
    };
    inputs.push({ arrival: now + wait, input });
  }
  return inputs.sort((a, b) => a.arrival - b.arrival).map(({ input }) => input);
}

/** How many records lie in a span of so many ms, at most. */
export function mostIn(inputs: readonly Input[], span: number): number {
  const times = inputs.map(({ timestamp }) => timestamp).sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! > span) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
