import { describe, expect, test } from 'vitest';
import { int64 } from '../../src/dsl/codecs/int64.ts';
import { json } from '../../src/dsl/codecs/json.ts';
import { nullable } from '../../src/dsl/codecs/nullable.ts';
import { text } from '../../src/dsl/codecs/text.ts';
import type { StepContext } from '../../src/dsl/node.ts';
import { type StreamOptions, stream } from '../../src/dsl/stream.ts';
import { failure } from './failure.ts';

const codecs = { key: text, value: int64 };

describe('stream', () => {
  test('describes a source that begins at the start and stops before what it cannot read', () => {
    const { node, shape } = stream('orders', codecs);
    expect(shape).toBe('stream');
    expect(node).toMatchObject({ shape: 'stream', inputs: [], key: text, value: int64 });
    expect(node.operator).toMatchObject({
      kind: 'stream',
      source: { ...codecs, topic: 'orders', reset: 'earliest' },
    });
    expect(node.operator.source).toMatchObject({ onError: 'fail', timestamp: undefined });
  });

  test('takes all options', () => {
    const timestamp = (value: number) => value;
    const { source } = stream('orders', {
      ...codecs,
      reset: 'latest',
      onError: { deadLetters: 'dead' },
      timestamp,
    }).node.operator;
    expect(source).toMatchObject({ reset: 'latest', onError: { deadLetters: 'dead' }, timestamp });
    expect(stream('orders', { ...codecs, onError: 'skip' }).node.operator.source?.onError).toBe('skip');
    expect(stream('orders', { ...codecs, reset: undefined }).node.operator.source?.reset).toBe('earliest');
  });

  test('reads several topics as one stream', () => {
    const { node, shape } = stream(['eu', 'us'], { ...codecs, reset: { ago: '1d' } });
    expect(shape).toBe('stream');
    expect(node).toMatchObject({ key: text, value: int64, operator: { kind: 'merge' } });
    expect(node.inputs.map(({ operator }) => operator.source)).toMatchObject([
      { topic: 'eu', reset: { ago: 86_400_000 } },
      { topic: 'us', reset: { ago: 86_400_000 } },
    ]);
    expect(stream(['eu'], codecs).node.operator.source?.topic).toBe('eu');
  });

  test.each<[string, string, () => unknown]>([
    ['no topic', 'INVALID_ARGUMENT', () => stream([], codecs)],
    ['a topic twice', 'INVALID_ARGUMENT', () => stream(['a', 'a'], codecs)],
    ['topics that have no names', 'INVALID_NAME', () => stream(['a', ''], codecs)],
    [
      'a time that is none',
      'INVALID_DURATION',
      () => stream('a', { ...codecs, reset: { ago: 'long' as never } }),
    ],
    ['another reset', 'INVALID_ARGUMENT', () => stream('a', { ...codecs, reset: { since: 1 } as never })],
  ])('refuses %s', (_, code, describeIt) => {
    expect(failure(describeIt)).toMatchObject({ code });
  });

  test('is frozen', () => {
    const handle = stream('orders', codecs);
    const { node } = handle;
    for (const part of [handle, node, node.inputs, node.operator, node.operator.source]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('reads with the codecs it was given and hands on those that also write', () => {
    const readsOnly = { ...int64, output: int64 };
    const { node } = stream('orders', { key: text, value: readsOnly });
    expect(node.operator.source?.value).toBe(readsOnly);
    expect(node.value).toBe(int64);
  });

  test('hands on the plain codec where nulls are let through: null reaches no codec', () => {
    const readsOnly = { ...int64, output: int64 };
    for (const codec of [int64, readsOnly]) {
      const { node } = stream('orders', { key: text, value: nullable(codec) });
      expect(node.operator.source?.value.nullable).toBe(true);
      expect(node.value).toBe(int64);
    }
  });

  test('is never run', () => {
    const error = failure(() => stream('orders', codecs).node.operator.run({} as StepContext, () => {}));
    expect(error.code).toBe('INTERNAL');
  });

  test.each(['', 'a b', '..', 'x'.repeat(250), undefined])('refuses the topic %o', (topic) => {
    expect(failure(() => stream(topic as string, codecs)).code).toBe('INVALID_NAME');
  });

  test.each<[string, object | undefined, string]>([
    ['no options', undefined, 'The options of'],
    ['no key codec', { value: text }, 'key of stream'],
    ['no value codec', { key: text }, 'value of stream'],
    ['an option that does not exist', { ...codecs, onerror: 'skip' }, "Did you mean 'onError'?"],
    ['another reset', { ...codecs, reset: 'none' }, "'earliest', 'latest' or"],
    ['another policy', { ...codecs, onError: 'ignore' }, "'fail', 'skip', "],
    ['a policy of null', { ...codecs, onError: null }, "'fail', 'skip', "],
    ['a misspelt policy', { ...codecs, onError: { deadletters: 'x' } }, "Did you mean 'deadLetters'?"],
    ['a timestamp that is no function', { ...codecs, timestamp: 'at' }, 'a function'],
    ['a codec not called', { key: text, value: json }, 'Call it: json().'],
    ['a name for a codec', { key: 'string', value: text }, 'text, bytes'],
    ['half a codec', { key: text, value: { format: 'text', name: 'x', encode: () => '' } }, 'is not a codec'],
  ])('refuses %s', (_, options, message) => {
    const error = failure(() => stream('orders', options as StreamOptions<string, number>));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
  });

  test('refuses a dead-letter topic that cannot be one', () => {
    expect(failure(() => stream('orders', { ...codecs, onError: { deadLetters: 'a b' } })).code).toBe(
      'INVALID_NAME',
    );
    expect(failure(() => stream('orders', { ...codecs, onError: {} as 'skip' })).code).toBe('INVALID_NAME');
  });
});
