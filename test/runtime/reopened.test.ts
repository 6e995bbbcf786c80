import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { reopened } from '../../src/runtime/reopened.ts';

describe('reopened', () => {
  it('says of a task that failed in passing why, and where', () => {
    const reason = new MillraceError('FENCED', 'another producer has the id', {
      topic: 'in',
      partition: 3,
      next: 'x',
    });
    const warning = reopened('orders_3', reason);
    expect(warning.code).toBe('FENCED');
    expect(warning.message.split('\n')[0]).toBe(
      'FENCED: Task orders_3 is opened again after FENCED: another producer has the id (topic in partition 3).',
    );
    expect(warning.cause).toBe(reason);
  });
});
