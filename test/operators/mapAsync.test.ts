import { count, keyBy, mapAsync, repartition, to } from 'millrace';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { numbers, rows } from './sources.ts';

const half = async (n: number) => n / 2;

// What it does when it runs is in test/runtime/app.test.ts, where there is an application.
describe('mapAsync', () => {
  it('only describes: which function, how many at once, how long, how often', () => {
    expect(numbers.pipe(mapAsync(half)).node.operator.async).toEqual({
      run: half,
      concurrency: 16,
      timeout: 30_000,
      retries: 3,
      backoff: 100,
    });
    const options = { concurrency: 4, timeout: '1.5s', retries: 0, backoff: 0 } as const;
    expect(numbers.pipe(mapAsync(half, options)).node.operator.async).toMatchObject({
      concurrency: 4,
      timeout: 1_500,
      retries: 0,
      backoff: 0,
    });
  });

  it('keeps the codec of the keys and forgets that of the values', () => {
    const { node } = numbers.pipe(mapAsync(half));
    expect([node.key, node.value]).toEqual([numbers.node.key, undefined]);
  });

  it('may not stand behind a step that keeps state, unless a repartition topic lies between', () => {
    const counted = numbers.pipe(
      keyBy((n) => String(n)),
      count(),
    );
    const after = (input: typeof counted) =>
      (input.pipe as (...steps: unknown[]) => never)(mapAsync(half as never), to('out'));
    expect(failure(() => after(counted)).code).toBe('MISPLACED_STEP');
    expect(topology([numbers.pipe(repartition(), mapAsync(half), to('out'))]).subtopologies).toHaveLength(2);
  });

  it.each<[string, object, string]>([
    ['no calls at once', { concurrency: 0 }, 'concurrency'],
    ['half a call', { concurrency: 1.5 }, 'concurrency'],
    ['negative retries', { retries: -1 }, 'retries'],
    ['no time', { timeout: 0 }, 'timeout'],
    ['an option that does not exist', { retrys: 3 }, "Did you mean 'retries'?"],
  ])('refuses %s', (_, options, word) => {
    expect(failure(() => mapAsync(half, options)).message).toContain(word);
  });

  it('refuses what is not a function, not a duration, not a stream', () => {
    expect(failure(() => mapAsync('x' as never)).message).toContain('function of mapAsync()');
    expect(failure(() => mapAsync(half, { timeout: '1 s' as never })).code).toBe('INVALID_DURATION');
    expect(failure(() => mapAsync(half, { backoff: -1 })).code).toBe('INVALID_DURATION');
    expect(failure(() => mapAsync(half)(rows as never)).code).toBe('MISPLACED_STEP');
  });
});
