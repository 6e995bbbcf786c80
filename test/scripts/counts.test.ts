import { describe, expect, it } from 'vitest';
import { addCounts, countVitest, type VitestReport } from '../../scripts/test/counts.ts';

function report(passed: number, failed: number, files: VitestReport['testResults'] = []): VitestReport {
  return {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: files,
  };
}

describe('countVitest', () => {
  it('counts tests', () => {
    expect(countVitest(report(5, 0), 0)).toEqual({ passed: 5, failed: 0, skipped: 3 });
  });

  it('counts a failed test once, whatever its file says', () => {
    const files = [{ status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] }];
    expect(countVitest(report(1, 1, files), 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    const files = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ];
    expect(countVitest(report(1, 0, files), 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('counts a run without a report as a failure', () => {
    expect(countVitest(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('counts an exit code that nothing in the report explains as a failure', () => {
    expect(countVitest(report(9, 0), 1)).toMatchObject({ passed: 9, failed: 1 });
  });
});

describe('addCounts', () => {
  it('adds each kind for itself', () => {
    const each = { passed: 1, failed: 2, skipped: 3 };
    expect(addCounts([each, each])).toEqual({ passed: 2, failed: 4, skipped: 6 });
    expect(addCounts([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});
