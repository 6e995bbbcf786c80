import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../src/runtime/clock.ts';
import { brokenVariants } from './broken.ts';
import { reportOf, smallestFailure } from './report.ts';
import type { Share } from './seeds.child.ts';
import type { Simulated } from './simulate.ts';

/*
 * npm run test:simulation -- --seeds=10000 --from=1 --broken='no fence'
 * A seed that fails is made small and told; again with --from=SEED --seeds=1.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    broken: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const [seeds, from, workers] = [values.seeds, values.from, values.workers].map(Number) as [
  number,
  number,
  number,
];
const variant = values.broken;
if (variant !== undefined && !(variant in brokenVariants))
  throw new Error(`--broken is one of: ${Object.keys(brokenVariants).join('; ')}`);

/** Failures that are made small: the others are only counted. */
const told = 3;
const begin = systemClock.monotonic();
const failed: Simulated[] = [];
let done = 0;

await Promise.all(Array.from({ length: Math.min(workers, seeds) }, (_, index) => share(index)));
progress('\n');
failed.sort((a, b) => a.seed - b.seed);
for (const one of failed.slice(0, told)) console.log(`\n${reportOf(await smallestFailure(one, variant))}`);
const seconds = (systemClock.monotonic() - begin) / 1_000;
const rate = `${seconds.toFixed(1)} s, ${Math.round(done / seconds)} seeds/s on ${workers} threads`;
const list = failed.map(({ seed }) => seed);
console.log(
  `${done} seeds from ${from}: ${failed.length} failed${list.length > 0 ? ` (${shown(list)})` : ''}; ${rate}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function share(index: number): Promise<void> {
  const workerData: Share = { from: from + index, until: from + seeds, step: workers, variant };
  const worker = new Worker(new URL('./seeds.child.ts', import.meta.url), {
    workerData,
    // Most of what a seed makes is gone with it.
    resourceLimits: { maxYoungGenerationSizeMb: 96 },
  });
  let seed = workerData.from;
  worker.on('message', (message: { begins?: number; done?: number; failed?: Simulated }) => {
    if (message.begins !== undefined) seed = message.begins;
    if (message.failed !== undefined) failed.push(message.failed);
    if (message.done !== undefined) done++;
    if (done % 20 === 0) progress('\r');
  });
  return new Promise((resolve, reject) => {
    worker.once('error', (cause) => reject(new Error(`seed ${seed} ended its thread`, { cause })));
    worker.once('exit', () => resolve());
  });
}

function progress(end: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`${done} of ${seeds} seeds, ${failed.length} failed ${end}`);
}

function shown(all: readonly number[]): string {
  return all.length <= 10 ? all.join(', ') : `${all.slice(0, 10).join(', ')}, ...`;
}
