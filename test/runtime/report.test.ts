import { describe, expect, it } from 'vitest';
import { restoreLine } from '../../src/runtime/report.ts';

describe('restoreLine', () => {
  it('sums over all tasks and says how long it will take', () => {
    const tasks = [
      { task: 'a_0', restored: 300_000, total: 600_000, bytes: 30e6, rate: 1, left: 1, done: false },
      { task: 'a_1', restored: 150_000, total: 400_000, bytes: 22.4e6, rate: 1, left: 1, done: false },
    ];
    expect(restoreLine(tasks, 4_500)).toBe(
      'restoring 45 % (450,000 of 1,000,000 records, 52.4 MB, 100,000/s, 6 s left)',
    );
  });

  it('has something to say before anything is known', () => {
    expect(restoreLine([], 0)).toBe('restoring 100 % (0 of 0 records, 0.0 MB, 0/s)');
  });
});
