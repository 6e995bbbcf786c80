import { expect, test } from 'vitest';
import { MillraceError } from '../src/errors.ts';

test('an error says what, where, expected, found and what to do next', () => {
  const error = new MillraceError('UNKNOWN_TOPIC', 'The topic does not exist', {
    topic: 'orders',
    expected: 'a topic on the broker',
    found: 'none of that name',
    next: 'Create it.',
  });
  expect(error.message).toBe(
    'UNKNOWN_TOPIC: The topic does not exist (topic orders).\n  Expected: a topic on the broker\n  Found: none of that name\n  Next: Create it.',
  );
});
