import { describe, expect, test } from 'vitest';
import { int64 } from '../../src/dsl/codecs/int64.ts';
import { nullable } from '../../src/dsl/codecs/nullable.ts';
import { text } from '../../src/dsl/codecs/text.ts';
import { globalTable } from '../../src/dsl/globalTable.ts';
import { table } from '../../src/dsl/table.ts';
import type { TableOptions } from '../../src/dsl/tableSource.ts';
import { failure } from './failure.ts';

const codecs = { key: text, value: int64 };

describe.each([
  ['table', table],
  ['globalTable', globalTable],
])('%s', (kind, source) => {
  test('describes a source with one store', () => {
    const { node } = source('users', codecs);
    expect(node).toMatchObject({ shape: kind, inputs: [], name: undefined, key: text, value: int64 });
    expect(node.operator).toMatchObject({
      kind,
      source: { topic: 'users', reset: 'earliest', onError: 'fail' },
    });
    expect(node.operator.stores).toEqual([{ suffix: '', kind: 'keyValue', key: text, value: int64 }]);
    expect(source('users', { ...codecs, name: 'people' }).node.name).toBe('people');
  });

  test('keeps rows in what can be written where the topic is only read', () => {
    const { node } = source('users', { key: text, value: { ...int64, output: int64 } });
    expect(node.operator.stores?.[0]?.value).toBe(int64);
  });

  test.each<[string, object | undefined, string]>([
    ['no options', undefined, 'The options of'],
    ['a reset: it always begins at the start', { ...codecs, reset: 'latest' }, "no option 'reset'"],
    ['nullable values', { ...codecs, value: nullable(int64) }, 'deletes the row'],
    ['nullable keys', { ...codecs, key: nullable(text) }, 'a row needs a key'],
    ['a misspelt option', { ...codecs, nmae: 'x' }, "Did you mean 'name'?"],
  ])('refuses %s', (_, options, message) => {
    const error = failure(() => source('users', options as TableOptions<string, number>));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
  });

  test('refuses names that topics cannot have', () => {
    expect(failure(() => source('a b', codecs)).code).toBe('INVALID_NAME');
    expect(failure(() => source('users', { ...codecs, name: '' })).code).toBe('INVALID_NAME');
  });
});
