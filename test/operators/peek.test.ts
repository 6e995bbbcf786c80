import { peek, to } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { numbers, rows } from './sources.ts';

describe('peek', () => {
  it('calls the function with each record and emits the record as it is', () => {
    const seen: unknown[] = [];
    const driver = drive([
      numbers.pipe(
        peek((value, message) => seen.push([value, message])),
        to('out'),
      ),
    ]);
    driver.send('in', { key: 'a', value: 1, timestamp: 5 });
    const record = { key: 'a', value: 1, timestamp: 5, headers: [] };
    expect(seen).toEqual([[1, record]]);
    expect(driver.read('out')).toEqual([record]);
  });

  it('fails the record whose function throws', () => {
    const driver = drive([
      numbers.pipe(
        peek(() => {
          throw new Error('no');
        }),
        to('out'),
      ),
    ]);
    expect(failure(() => driver.send('in', { key: 'a', value: 1 })).details.step).toBe('in.peek');
  });

  it('refuses tables and what is not a function', () => {
    expect(failure(() => peek(() => {})(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => peek(null as never)).code).toBe('INVALID_ARGUMENT');
  });
});
