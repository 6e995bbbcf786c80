import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken.ts';
import { reportOf, smallestFailure } from './report.ts';
import { type Simulated, simulate } from './simulate.ts';

/** `npm run test:simulation -- --seeds=N` runs as many as one likes. */
const seeds = 60;

async function firstFailure(variant: string): Promise<Simulated> {
  for (let seed = 1; seed <= 1_000; seed++) {
    const simulated = await simulate({ seed, broken: brokenVariants[variant] });
    if (simulated.violations.length > 0) return simulated;
  }
  throw new Error(`${variant} is not caught`);
}

describe('simulate', () => {
  it.each(Array.from({ length: seeds }, (_, index) => index + 1))(
    'finds every promise kept with seed %i',
    async (seed) => {
      const simulated = await simulate({ seed });
      expect(simulated.violations, reportOf(simulated)).toEqual([]);
    },
  );

  it('makes the same run of the same seed', async () => {
    const { struck, healed } = await simulate({ seed: 7 });
    expect(await simulate({ seed: 7 })).toMatchObject({ struck, healed });
    expect(struck.length).toBeGreaterThan(0);
  });

  it.each(Object.keys(brokenVariants))(
    'catches within 1,000 seeds: %s',
    { timeout: 300_000 },
    async (variant) => {
      expect((await firstFailure(variant)).violations).not.toEqual([]);
    },
  );
});

describe('smallestFailure', () => {
  it('leaves out what a failure does not need', { timeout: 300_000 }, async () => {
    const variant = 'unknown outcome taken for an abort, same epoch';
    const failure = await firstFailure(variant);
    const smallest = await smallestFailure(failure, variant);
    expect(smallest.violations).not.toEqual([]);
    expect(smallest.struck.length).toBeLessThanOrEqual(2);
    expect(smallest.records).toBeLessThan(failure.records);
    expect(reportOf(smallest)).toMatch(
      /^seed \d+, exactly-once(, with standbys)?, \d+ records\n {2}endTxn number \d+: the .* is lost/,
    );
  });
});
