import { parseArgs } from 'node:util';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Guarantee } from '../../src/runtime/settingOptions.ts';
import { chaosRun } from './chaosRun.ts';

/* npm run test:chaos -- --minutes=10 --records=300000 --seed=7 --guarantee=exactly-once --only=worker */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    records: { type: 'string', default: '300000' },
    seed: { type: 'string', default: String(systemClock.now() % 1_000_000) },
    guarantee: { type: 'string', default: 'exactly-once' },
    only: { type: 'string' },
  },
});

const seed = Number(values.seed);
try {
  const { violations, ...counts } = await chaosRun({
    seed,
    minutes: Number(values.minutes),
    records: Number(values.records),
    guarantee: values.guarantee as Guarantee,
    only: values.only,
    log: (line) => console.error(line),
  });
  console.log(JSON.stringify({ seed, guarantee: values.guarantee, ...counts, violations }));
  process.exitCode = violations.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  console.error(`seed ${seed} failed; again with --seed=${seed}`);
  process.exitCode = 1;
}
