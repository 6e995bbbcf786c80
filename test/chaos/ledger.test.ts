import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { chaosRun } from './chaosRun.ts';

/** `npm run test:chaos` is the same for longer, with every kind of fault. MILLRACE_SEED gives a seed. */
const seed = Number(process.env['MILLRACE_SEED'] ?? systemClock.now() % 1_000_000);

/**
 * Left out: under at-least-once a worker that wakes up beyond its session writes old rows behind newer ones into the
 * changelog, which nothing refuses as long as changelogs carry no claims. `npm run test:chaos -- --guarantee=at-least-once
 * --only="stop worker"` shows it (seed 636892 did, in the mix of all).
 */
const unguarded = 'stop worker';

describe('an application on three brokers', () => {
  it.each([
    ['exactly-once', undefined],
    ['at-least-once', unguarded],
  ] as const)(
    `keeps to %s while brokers and workers fail, by seed ${seed}, without fault %s`,
    { timeout: 600_000 },
    async (guarantee, without) => {
      const { violations, lost, aborted, input, faults } = await chaosRun({
        seed,
        minutes: 1,
        records: 20_000,
        guarantee,
        without,
        log: (line) => console.error(line),
      });
      expect({ violations, lost, aborted }, `seed ${seed}`).toEqual({ violations: [], lost: 0, aborted: 0 });
      expect(input).toBeGreaterThan(10_000);
      expect(faults).toBeGreaterThan(0);
    },
  );
});
