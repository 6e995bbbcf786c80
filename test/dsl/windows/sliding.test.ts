import { describe, expect, test } from 'vitest';
import { sliding } from '../../../src/dsl/windows/sliding.ts';
import { failure } from '../failure.ts';

describe('sliding', () => {
  test('makes windows of records that lie near each other, without grace', () => {
    expect(sliding('1m')).toEqual({ kind: 'sliding', difference: 60_000, grace: 0 });
    expect(sliding('1m', { grace: '10s' })).toMatchObject({ grace: 10_000 });
    expect(Object.isFrozen(sliding(1))).toBe(true);
  });

  test('refuses windows of no length, what overflows, what is no duration and options it does not have', () => {
    expect(failure(() => sliding(0)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => sliding(Number.MAX_SAFE_INTEGER)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => sliding('-1s' as '1s')).code).toBe('INVALID_DURATION');
    expect(failure(() => sliding('1m', { advance: 1 } as object)).code).toBe('INVALID_ARGUMENT');
  });
});
