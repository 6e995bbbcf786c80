import { describe, expect, test } from 'vitest';
import { session } from '../../../src/dsl/windows/session.ts';
import { failure } from '../failure.ts';

describe('session', () => {
  test('makes windows that end with a gap, without grace', () => {
    expect(session('30m')).toEqual({ kind: 'session', gap: 1_800_000, grace: 0 });
    expect(session('1m', { grace: '10s' })).toMatchObject({ grace: 10_000 });
    expect(Object.isFrozen(session(1))).toBe(true);
  });

  test('refuses a gap of zero, what overflows, what is no duration and options it does not have', () => {
    expect(failure(() => session(0)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => session(Number.MAX_SAFE_INTEGER, { grace: 1 })).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => session('-1s' as '1s')).code).toBe('INVALID_DURATION');
    expect(failure(() => session('1m', { offset: 1 } as object)).code).toBe('INVALID_ARGUMENT');
  });
});
