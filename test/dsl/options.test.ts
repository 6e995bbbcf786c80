import { describe, expect, test } from 'vitest';
import { checkOptions, closest } from '../../src/dsl/options.ts';
import { failure } from './failure.ts';

const known = ['key', 'value', 'reset', 'onError', 'timestamp'];

describe('checkOptions', () => {
  test('takes known options and none', () => {
    checkOptions({ key: 1, timestamp: undefined }, known, 'stream()');
    checkOptions({}, known, 'stream()');
    checkOptions(undefined, known, 'stream()');
    checkOptions(Object.create({ inherited: 1 }), known, 'stream()');
  });

  test('refuses what does not exist, and says what was meant', () => {
    const error = failure(() => checkOptions({ key: 1, onerror: 'skip' }, known, 'stream()'));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain("stream() has no option 'onerror'");
    expect(error.details.expected).toBe('key, value, reset, onError, timestamp');
    expect(error.details.next).toBe("Did you mean 'onError'?");
  });

  test('makes no wild guess', () => {
    expect(failure(() => checkOptions({ partitions: 3 }, known, 'stream()')).details.next).toBe(
      "Remove 'partitions'.",
    );
    expect(failure(() => checkOptions({ x: 3 }, [], 'count()')).details.expected).toBe('no options');
  });

  test('names the code it is given', () => {
    expect(failure(() => checkOptions({ x: 1 }, known, 'app()', 'UNKNOWN_SETTING')).code).toBe(
      'UNKNOWN_SETTING',
    );
  });

  test('refuses properties with treacherous names', () => {
    const options: unknown = JSON.parse('{"__proto__":{},"constructor":1}');
    expect(failure(() => checkOptions(options, known, 'stream()')).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => checkOptions({ toString: 1 }, known, 'stream()')).code).toBe('INVALID_ARGUMENT');
  });

  test.each([null, 1, 'earliest', [], () => 0])('refuses %o in the place of options', (options) => {
    expect(failure(() => checkOptions(options, known, 'stream()')).code).toBe('INVALID_ARGUMENT');
  });
});

describe('closest', () => {
  test.each([
    ['rest', 'reset'],
    ['vlaue', 'value'],
    ['Timestamp', 'timestamp'],
    ['on_error', 'onError'],
    ['keys', 'key'],
    ['k', undefined],
    ['', undefined],
    ['deadLetters', undefined],
  ])('takes %j for %j', (name, expected) => {
    expect(closest(name, known)).toBe(expected);
  });
});
