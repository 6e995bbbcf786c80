import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportedSteps } from '../operators/contract/exportedSteps.ts';

const files = globSync('*.test-d.ts', { cwd: import.meta.dirname });
const source = files.map((file) => readFileSync(join(import.meta.dirname, file), 'utf8')).join('\n');
const refused = [...source.matchAll(/@ts-expect-error.*\n([^;]*;)/g)]
  .map(([, statement]) => statement!)
  .join('\n');

describe.each(exportedSteps())('%s', (step) => {
  it('has its types tested, refusals included', () => {
    const called = new RegExp(`\\b${step}\\(`);
    expect(source).toMatch(called);
    expect(refused).toMatch(called);
  });
});
