import { readFileSync } from 'node:fs';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { shop } from '../../examples/quickstart/job.ts';
import { revenue } from '../../examples/revenue/job.ts';
import { sales } from '../../examples/revenue/sales.ts';
import { embeddedBroker } from '../../src/index.ts';
import { runExample } from './runExample.ts';

describe('the quickstart', () => {
  it('counts items per minute, in a process of its own, without a word on stderr', async () => {
    const { stdout, stderr, code } = await runExample('quickstart');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const lines = stdout.trim().split('\n');
    expect(lines.sort()).toEqual([
      '09:00 rice 1',
      '09:00 tea 1',
      '09:00 tea 2',
      '09:00 tea 3',
      '09:00 tofu 1',
    ]);
  });

  it('brings equal items together through a topic', () => {
    expect(shop({ broker: embeddedBroker() }).describe()).toContain('items-per-minute-repartition');
  });

  it('stands in the README as it is', () => {
    const job = readFileSync('examples/quickstart/job.ts', 'utf8');
    expect(readFileSync('README.md', 'utf8')).toContain(job.trim());
  });
});

describe('revenue', () => {
  it('takes a late sale within the grace, and reports one that comes after it', () => {
    const driver = drive([revenue]);
    for (const [index, value] of sales.entries()) driver.send('sales', { key: `sale-${index}`, value });
    const results = driver.read('revenue-per-minute').map(({ value }) => value);
    expect(results).toEqual([1200, 2000, 500, 2300, 1200]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['late']);
  });

  it('tells it when run', async () => {
    const { stdout, stderr, code } = await runExample('revenue');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toContain('left out: late');
    expect(stdout.trim().split('\n').slice(1)).toEqual([
      '09:00 hanok 12',
      '09:00 hanok 20',
      '09:01 hanok 5',
      '09:00 hanok 23',
      '09:01 hanok 12',
    ]);
  });
});

describe('npm run example', () => {
  it('names the examples there are when it does not know one', async () => {
    const { stderr, code } = await runExample('nosuch');
    expect(code).toBe(1);
    expect(stderr).toContain('quickstart');
  });
});
