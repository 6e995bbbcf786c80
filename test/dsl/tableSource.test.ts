import { describe, expect, test } from 'vitest';
import { avro } from '../../src/dsl/codecs/avro.ts';
import { int64 } from '../../src/dsl/codecs/int64.ts';
import { text } from '../../src/dsl/codecs/text.ts';
import { globalTable } from '../../src/dsl/globalTable.ts';
import type { AnyCell, Node, Operator } from '../../src/dsl/node.ts';
import { stream } from '../../src/dsl/stream.ts';
import { table } from '../../src/dsl/table.ts';
import { drive } from '../../src/runtime/testing/drive.ts';
import { observe } from './observe.ts';

const codecs = { key: text, value: text };
const headers = [['trace', Buffer.from('1')]] as const;

/** What a table emits for records: [value or null, timestamp] of the key 'a'. */
function changes(records: readonly (readonly [value: string | null, timestamp: number])[]): unknown[] {
  const users = observe(table('users', codecs));
  const driver = drive([users]);
  for (const [value, timestamp] of records) driver.send('users', { key: 'a', value, timestamp });
  driver.close();
  return users.seen.map(({ value, timestamp }) => [value, timestamp]);
}

describe('tableSource', () => {
  test('emits the row before and after, with key, timestamp and headers of the record', () => {
    const users = observe(table('users', codecs));
    const driver = drive([users]);
    driver.send('users', { key: 'a', value: 'Ann', timestamp: 5, headers });
    driver.send('users', { key: 'a', value: 'Anna', timestamp: 7 });
    expect(users.seen).toEqual([
      { key: 'a', value: { before: null, after: 'Ann' }, timestamp: 5, headers },
      { key: 'a', value: { before: 'Ann', after: 'Anna' }, timestamp: 7, headers: [] },
    ]);
    expect(driver.store('users')).toEqual([['a', { value: 'Anna', timestamp: 7 }]]);
    driver.close();
  });

  test('takes the later arrival, though its timestamp is older', () => {
    expect(
      changes([
        ['x', 10],
        ['y', 3],
      ]),
    ).toEqual([
      [{ before: null, after: 'x' }, 10],
      [{ before: 'x', after: 'y' }, 3],
    ]);
  });

  test('deletes on null, and passes repeated values and repeated deletions on', () => {
    expect(
      changes([
        [null, 1],
        ['x', 2],
        ['x', 3],
        [null, 4],
        [null, 5],
        ['y', 6],
      ]),
    ).toEqual([
      [{ before: null, after: null }, 1],
      [{ before: null, after: 'x' }, 2],
      [{ before: 'x', after: 'x' }, 3],
      [{ before: 'x', after: null }, 4],
      [{ before: null, after: null }, 5],
      [{ before: null, after: 'y' }, 6],
    ]);
  });

  test('drops records without a key and says so', () => {
    const users = observe(table('users', codecs));
    const driver = drive([users]);
    driver.send('users', { key: null, value: 'Ann' });
    expect(users.seen).toEqual([]);
    expect(driver.drops).toMatchObject([{ reason: 'null-key', topic: 'users', offset: 0 }]);
    driver.close();
  });

  test('keeps its rows, under its own name, over a restart', () => {
    const users = observe(table('users', { ...codecs, name: 'people' }));
    const driver = drive([users]);
    driver.send('users', { key: 'a', value: 'Ann', timestamp: 5 });
    driver.commit();
    driver.send('users', { key: 'b', value: 'Bob', timestamp: 5 });
    driver.restart();
    expect(driver.store('people')).toEqual([['a', { value: 'Ann', timestamp: 5 }]]);
    driver.send('users', { key: 'a', value: null, timestamp: 6 });
    expect(users.seen.at(-1)?.value).toEqual({ before: 'Ann', after: null });
    driver.close();
  });

  test('takes the event time its timestamp function gives, also for deletions', () => {
    const users = observe(
      table('users', { ...codecs, timestamp: (value, message) => value?.length ?? message.timestamp + 1 }),
    );
    const driver = drive([users]);
    driver.send('users', { key: 'a', value: 'Ann', timestamp: 100 });
    driver.send('users', { key: 'a', value: null, timestamp: 100 });
    expect(users.seen.map(({ timestamp }) => timestamp)).toEqual([3, 101]);
    driver.close();
  });

  test.each([
    ['table', table],
    ['globalTable', globalTable],
  ])('lets joins read the rows of a %s', (kind, source) => {
    const found: (AnyCell | undefined)[] = [];
    const users = source('users', codecs);
    const look: Operator = {
      kind: 'look',
      ...(kind === 'globalTable' && { globalInput: 1 }),
      run: (task) => {
        const view = task.view(1);
        return [({ key }) => void found.push(view(key)), () => {}];
      },
    };
    const orders = stream('orders', { key: text, value: int64 });
    const node: Node = { shape: 'sink', operator: look, inputs: [orders.node, users.node] };
    const driver = drive([{ node }]);
    driver.send('orders', { key: 'a', value: 1 });
    driver.send('users', { key: 'a', value: 'Ann', timestamp: 9 });
    driver.send('orders', { key: 'a', value: 2 });
    driver.send('users', { key: 'a', value: null, timestamp: 10 });
    driver.send('orders', { key: 'a', value: 3 });
    expect(found).toEqual([undefined, { value: 'Ann', timestamp: 9 }, undefined]);
    driver.close();
  });
});

test('a source reads with its own codec what is kept with another', () => {
  const old = { type: 'record', name: 'User', fields: [{ name: 'name', type: 'string' }] };
  const now = { ...old, fields: [...old.fields, { name: 'age', type: 'int', default: 0 }] };
  const reader = avro<{ name: string; age: number }>(now, { writer: old });
  // The driver writes with the codec of the source, which cannot: this one writes as the old producer did.
  const value = { ...reader, encode: (user: { name: string }) => avro<{ name: string }>(old).encode(user) };
  const users = observe(table('users', { key: text, value }));
  const driver = drive([users]);
  driver.send('users', { key: 'a', value: { name: 'Ann' }, timestamp: 1 });
  driver.commit();
  driver.restart();
  driver.send('users', { key: 'a', value: null, timestamp: 2 });
  expect(users.seen.map((message) => message.value)).toEqual([
    { before: null, after: { name: 'Ann', age: 0 } },
    { before: { name: 'Ann', age: 0 }, after: null },
  ]);
  driver.close();
});
