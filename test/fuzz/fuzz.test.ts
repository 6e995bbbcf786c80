import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { batchTargets } from './batchTargets.ts';
import { FuzzFailure, fuzz } from './fuzz.ts';
import { responseTargets } from './responseTargets.ts';
import type { Target } from './target.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

describe(`fuzz, seed ${seed}`, () => {
  it('finds nothing in 100 000 inputs', async () => {
    const report = await fuzz([...batchTargets, ...responseTargets], { seed, inputs: 100_000 });
    expect(report.inputs).toBe(100_000);
    // Most is damaged, and some of it is not noticed, or says something else that is right.
    expect(report.refused).toBeGreaterThan(30_000);
    expect(report.refused).toBeLessThan(95_000);
  }, 60_000);

  it.each([...batchTargets, ...responseTargets])(
    'reads $name undamaged or not, as it was made',
    async (target) => {
      const report = await fuzz([target], { seed, inputs: 300 });
      expect(report.inputs).toBe(300);
      expect(report.refused).toBeGreaterThan(0);
    },
  );

  const broken = (run: () => void): Target => ({
    name: 'broken',
    share: 1,
    make: (random) => Buffer.from([random() * 256]),
    run: (input) => {
      if (input[0] === 77) run();
    },
  });

  it('tells of an error that is none of ours, and how to see it again', async () => {
    const target = broken(() => {
      throw new RangeError('out of range');
    });
    await expect(fuzz([target], { seed: 5, inputs: 100_000 })).rejects.toThrow(FuzzFailure);
    await expect(fuzz([target], { seed: 5, inputs: 100_000 })).rejects.toThrow(
      /^broken: RangeError: out of range\n.* 1 bytes:\n {2}4d\n.*--seed=5 --input=\d+$/,
    );
  });

  it('makes the same input of the same seed and number', async () => {
    const seen: string[] = [];
    const target: Target = { ...broken(() => {}), run: (input) => void seen.push(input.toString('hex')) };
    await fuzz([target], { seed: 5, inputs: 10 });
    await fuzz([target], { seed: 5, from: 7, inputs: 1 });
    expect(seen[10]).toBe(seen[7]);
    expect(new Set(seen).size).toBeGreaterThan(5);
  });

  it('tells of an input that takes too long', async () => {
    const slow = broken(() => {
      const before = process.cpuUsage();
      let rounds = 0;
      while (process.cpuUsage(before).user < 110_000)
        for (const next = rounds + 100_000; rounds < next; ) rounds++;
    });
    await expect(fuzz([slow], { seed: 5, inputs: 100_000 })).rejects.toThrow(/broken: took \d{3} ms/);
  }, 60_000);

  it('tells of memory that grows', async () => {
    const kept: Buffer[] = [];
    const greedy = broken(() => void (kept.length === 0 && kept.push(Buffer.alloc(300_000_000, 1))));
    const options = { seed: 5, inputs: 2000, maxGrowth: 250_000_000 };
    await expect(fuzz([greedy], options)).rejects.toThrow('bytes more than before');
    await expect(fuzz([broken(() => {})], options)).resolves.toMatchObject({ inputs: 2000 });
  });

  it('counts what is refused', async () => {
    const refusing = broken(() => {
      throw new MillraceError('CORRUPT_BATCH', 'damaged', { next: 'Nothing.' });
    });
    expect((await fuzz([refusing], { seed: 5, inputs: 5000 })).refused).toBeGreaterThan(5);
  });
});
