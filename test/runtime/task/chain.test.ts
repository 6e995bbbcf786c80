import { describe, expect, it } from 'vitest';
import {
  count,
  filter,
  groupBy,
  joinTable,
  json,
  map,
  stream,
  text,
  to,
  toTable,
} from '../../../src/index.ts';
import { drive } from '../../../src/runtime/testing/index.ts';

const words = stream('words', { key: text, value: text });
const questions = stream('questions', { key: text, value: text });

describe('buildChain', () => {
  it('lets a join read what aggregates a stream, which has no rows itself', () => {
    const counts = words.pipe(
      filter((word) => word !== ''),
      count('counts'),
    );
    const driver = drive([
      questions.pipe(
        joinTable(counts, (question, n) => `${question} ${n}`),
        to('answers'),
      ),
    ]);
    for (const value of ['x', 'y', '']) driver.send('words', { key: 'a', value });
    driver.send('questions', { key: 'a', value: 'how many?' });
    expect(driver.read('answers')).toMatchObject([{ value: 'how many? 2' }]);
  });

  it('lets a join read a table through steps that keep nothing, down to the store they rest on', () => {
    const lengths = words.pipe(
      toTable('words'),
      map((word) => word.length),
      filter((length) => length > 1),
    );
    const driver = drive([
      questions.pipe(
        joinTable(lengths, (question, length) => `${question} ${length}`),
        to('answers'),
      ),
    ]);
    driver.send('words', { key: 'a', value: 'mill' });
    driver.send('words', { key: 'b', value: 'r' });
    driver.send('questions', { key: 'a', value: 'how long?' });
    driver.send('questions', { key: 'b', value: 'how long?' });
    expect(driver.read('answers')).toMatchObject([{ key: 'a', value: 'how long? 4' }]);
  });

  it('lets a join read the groups of a regrouped table', () => {
    const byLength = words.pipe(
      toTable('words'),
      groupBy((word) => String(word.length)),
      count({ name: 'by-length', value: json<number>() }),
    );
    const driver = drive([
      questions.pipe(
        joinTable(byLength, (question, n) => `${question} ${n}`),
        to('answers'),
      ),
    ]);
    for (const [key, value] of [
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'three'],
    ] as const)
      driver.send('words', { key, value });
    driver.send('questions', { key: '3', value: 'how many?' });
    expect(driver.read('answers')).toMatchObject([{ value: 'how many? 2' }]);
  });
});
