import { setImmediate } from 'node:timers/promises';
import { MillraceError } from '../../src/errors.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import type { Target } from './target.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Number of the first input. Each depends on the seed and its number alone. */
  readonly from?: number;
  readonly inputs: number;
  /** Bytes the process may grow by. */
  readonly maxGrowth?: number;
  /** Called about once a second. */
  readonly progress?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  inputs: number;
  /** How many were refused with a MillraceError. */
  refused: number;
  /** ms of the slowest input; where that seemed too much, of the processor alone and at its best of a few tries. */
  slowest: number;
  /** Bytes the process has grown by, at most, and how many of them were outside the heap. */
  grownBy: number;
  externalBy: number;
  seconds: number;
}

/** An input that does what no input may. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';

  constructor(target: Target, seed: number, number: number, input: Buffer, why: string, cause?: unknown) {
    super(
      `${target.name}: ${why}\n  input ${number} of seed ${seed}, ${input.length} bytes:\n  ${input.toString('hex')}\n` +
        `  again: npm run fuzz -- --seed=${seed} --input=${number}`,
      { cause },
    );
  }
}

const slowMs = 100;
const defaultMaxGrowth = 512 * 1024 * 1024;
/** Inputs between looks at the memory and the clock, and turns of the event loop: what Node has closed is freed there. */
const stride = 512;

/** Feeds inputs to targets until one of them misbehaves: FuzzFailure. */
export async function fuzz(targets: readonly Target[], options: FuzzOptions): Promise<FuzzReport> {
  const { seed, from = 0, inputs, maxGrowth = defaultMaxGrowth, progress = () => {} } = options;
  const chosen = targets.flatMap((target) => Array<Target>(target.share).fill(target));
  const report: FuzzReport = { inputs: 0, refused: 0, slowest: 0, grownBy: 0, externalBy: 0, seconds: 0 };
  const before = process.memoryUsage();
  const started = performance.now();
  let told = started;
  for (let number = from; number < from + inputs; number++) {
    const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca77));
    const target = chosen[Math.floor(random() * chosen.length)]!;
    const input = target.make(random);
    const began = performance.now();
    const refused = attempt(target, input, seed, number);
    let took = performance.now() - began;
    if (took > slowMs) took = again(target, input, seed, number);
    report.inputs++;
    if (refused) report.refused++;
    if (took > report.slowest) report.slowest = took;
    if (number % stride !== 0 && number !== from + inputs - 1) continue;
    const { rss, external } = process.memoryUsage();
    report.grownBy = Math.max(report.grownBy, rss - before.rss);
    report.externalBy = Math.max(report.externalBy, external - before.external);
    if (report.grownBy > maxGrowth) {
      throw new FuzzFailure(target, seed, number, input, `${report.grownBy} bytes more than before, at this input or shortly before`); // biome-ignore format: one line
    }
    await setImmediate();
    const now = performance.now();
    report.seconds = (now - started) / 1000;
    if (now - told < 1000) continue;
    told = now;
    progress(report);
  }
  return report;
}

/** true when the input was refused. */
function attempt(target: Target, input: Buffer, seed: number, number: number): boolean {
  try {
    target.run(input);
    return false;
  } catch (error) {
    if (error instanceof MillraceError) return true;
    throw new FuzzFailure(target, seed, number, input, `${error}`, error);
  }
}

/** Others run on this machine too: an input is slow when the processor itself was busy with it, at each of a few tries. */
function again(target: Target, input: Buffer, seed: number, number: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && best > slowMs; tries++) {
    const before = process.cpuUsage();
    attempt(target, input, seed, number);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  if (best <= slowMs) return best;
  throw new FuzzFailure(target, seed, number, input, `took ${Math.round(best)} ms`);
}
