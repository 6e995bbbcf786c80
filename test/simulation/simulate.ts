import { delay } from '../../src/runtime/clock.ts';
import type { Guarantee } from '../../src/runtime/settingOptions.ts';
import { virtualClock } from '../../src/runtime/testing/virtualClock.ts';
import type { Broken } from './broken.ts';
import { type Disturbance, disturbancesOf } from './disturbances.ts';
import { World } from './world.ts';

export interface Simulation {
  readonly seed: number;
  /** Default: those of the seed. */
  readonly disturbances?: readonly Disturbance[] | undefined;
  /** Orders and clicks that are sent; default: a number that follows from the seed. */
  readonly records?: number | undefined;
  /** Runs with a rule of the protocol broken. */
  readonly broken?: Broken | undefined;
}

export interface Simulated {
  readonly seed: number;
  readonly guarantee: Guarantee;
  readonly hasStandbys: boolean;
  readonly records: number;
  /** Disturbances that have struck. */
  readonly struck: readonly Disturbance[];
  /** Promises that were not kept. */
  readonly violations: readonly string[];
  /** Virtual ms from when nothing was disturbed any more until everything was done. */
  readonly healed: number;
}

const guaranteeOf = (seed: number): Guarantee => (seed % 3 === 0 ? 'at-least-once' : 'exactly-once');
const hasStandbys = (seed: number): boolean => seed % 4 === 1;
const recordsOf = (seed: number): number => 12 + ((seed * 11) % 19);

/** One run: the same for the same arguments, in every process. */
export async function simulate({ seed, disturbances, records, broken }: Simulation): Promise<Simulated> {
  const clock = virtualClock(1_700_000_000_000);
  const planned = disturbances ?? disturbancesOf(seed);
  const guarantee = broken === undefined ? guaranteeOf(seed) : 'exactly-once';
  const world = new World({
    clock,
    seed,
    guarantee,
    hasStandbys: hasStandbys(seed),
    disturbances: planned,
    broken,
  });
  const count = records ?? recordsOf(seed);
  const result = { seed, guarantee, hasStandbys: hasStandbys(seed), records: count };
  try {
    const { violations, healed } = await clock.run(world.run(count));
    return { ...result, struck: world.struck, violations, healed };
  } catch (error) {
    const violations = [`the run came to an end of its own: ${error instanceof Error ? error.stack : error}`];
    return { ...result, struck: world.struck, violations, healed: 0 };
  } finally {
    world.close();
    await clock.run(delay(clock, 0));
  }
}
