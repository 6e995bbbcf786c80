import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { chaosRun } from './chaosRun.ts';

/** `npm run test:chaos` is the same for longer, with every kind of fault. MILLRACE_SEED gives a seed. */
const seed = Number(process.env['MILLRACE_SEED'] ?? systemClock.now() % 1_000_000);

describe('an application on three brokers', () => {
  it.each(['exactly-once', 'at-least-once'] as const)(
    `keeps to %s while brokers and workers fail, by seed ${seed}`,
    { timeout: 600_000 },
    async (guarantee) => {
      const { violations, lost, aborted, input, faults } = await chaosRun({
        seed,
        minutes: 1,
        records: 20_000,
        guarantee,
        log: (line) => console.error(line),
      });
      expect({ violations, lost, aborted }, `seed ${seed}`).toEqual({ violations: [], lost: 0, aborted: 0 });
      expect(input).toBeGreaterThan(10_000);
      expect(faults).toBeGreaterThan(0);
    },
  );
});
