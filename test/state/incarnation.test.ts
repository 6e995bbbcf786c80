import { describe, expect, it } from 'vitest';
import { incarnation } from '../../src/state/incarnation.ts';
import { memoryBackend } from '../../src/state/memory.ts';

describe('incarnation', () => {
  it('is made once per database and kept', () => {
    const backend = memoryBackend();
    expect(incarnation(backend, () => 'first')).toBe('first');
    expect(incarnation(backend, () => 'second')).toBe('first');
    expect(incarnation(memoryBackend(), () => 'third')).toBe('third');
  });
});
