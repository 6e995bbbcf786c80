import { describe, expect, test } from 'vitest';
import { shortDuration } from '../../../src/dsl/describe/shortDuration.ts';

describe('shortDuration', () => {
  test.each([
    [0, '0ms'],
    [1, '1ms'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [300_000, '5m'],
    [3_600_000, '1h'],
    [604_800_000, '7d'],
  ])('writes %d as %s', (milliseconds, expected) => {
    expect(shortDuration(milliseconds)).toBe(expected);
  });
});
