import { describe, expect, test } from 'vitest';
import { checkStepName, checkTopicName } from '../../src/dsl/names.ts';
import { failure } from './failure.ts';

describe.each([
  ['checkTopicName', checkTopicName],
  ['checkStepName', checkStepName],
])('%s', (_, check) => {
  test.each(['a', 'orders.by-user_1', '...', '__internal', 'x'.repeat(249)])('takes %s', (name) => {
    check(name, 'topic of stream()');
  });

  test.each([
    '',
    '.',
    '..',
    'a b',
    'a/b',
    'a\n',
    'a,b',
    'ä',
    'a\0',
    'x'.repeat(250),
    undefined,
    null,
    1,
    {},
    ['a'],
  ])('refuses %o and says the rule', (name) => {
    const error = failure(() => check(name, 'topic of stream()'));
    expect(error.code).toBe('INVALID_NAME');
    expect(error.details.expected).toContain('a-z');
    expect(error.message).toContain('topic of stream()');
  });
});
