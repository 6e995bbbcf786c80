import { describe, expect, it } from 'vitest';
import type { Counts } from '../../scripts/test/counts.ts';
import { runSteps, type Step } from '../../scripts/test/runSteps.ts';

const passing = step('passes', { passed: 3, failed: 0, skipped: 1 });
const throwing: Step = { title: 'throws', run: () => Promise.reject(new Error('crashed')) };
const missing: Step = { ...passing, title: 'missing', missing: () => 'There is no Java.' };

describe('runSteps', () => {
  it('adds the counts of all steps', async () => {
    const { counts, output } = await runAll([passing, step('fails', { passed: 1, failed: 2, skipped: 0 })]);
    expect(counts).toEqual({ passed: 4, failed: 2, skipped: 1 });
    expect(output).toMatch(/^passes +3 passed, 0 failed, 1 skipped \(\d+\.\d s\)$/m);
  });

  it('counts a step that throws as a failure, shows why, and goes on', async () => {
    const { counts, output } = await runAll([throwing, passing]);
    expect(counts).toMatchObject({ passed: 3, failed: 1 });
    expect(output).toContain('crashed');
  });

  it('says at the end that a step could not run', async () => {
    const { counts, output } = await runAll([missing, passing]);
    expect(counts).toMatchObject({ passed: 3, failed: 0 });
    expect(output.trim().split('\n').at(-1)).toBe('NOTICE: missing: not run. There is no Java.');
  });

  it('counts a step that cannot run, or that runs nothing, as a failure where nobody reads notices', async () => {
    const empty = step('empty', { passed: 0, failed: 0, skipped: 5 });
    expect((await runAll([missing, empty], true)).counts).toMatchObject({ passed: 0, failed: 2 });
    expect((await runAll([missing, empty], false)).counts).toMatchObject({ passed: 0, failed: 0 });
  });
});

async function runAll(steps: readonly Step[], strict = false): Promise<{ counts: Counts; output: string }> {
  let output = '';
  const log = (line: string): void => {
    output += `${line}\n`;
  };
  return { counts: await runSteps(steps, { strict, log }), output };
}

function step(title: string, counts: Counts): Step {
  return { title, run: () => Promise.resolve(counts) };
}
