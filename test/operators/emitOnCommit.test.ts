import { fc, test } from '@fast-check/vitest';
import {
  count,
  emitOnCommit,
  filter,
  groupBy,
  joinTable,
  stream,
  sum,
  text,
  to,
  tumbling,
  window,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, taken } from './feed.ts';
import { numbers, rows } from './sources.ts';

describe('emitOnCommit', () => {
  it('holds changes back and emits one per key at each commit, as the last was', () => {
    const driver = drive([numbers.pipe(count(), emitOnCommit(), to('out'))]);
    expect(
      feed(driver, 'in', [
        ['a', 1, 5],
        ['b', 1, 6],
        ['a', 1, 3],
      ]),
    ).toEqual([]);
    driver.commit();
    expect(taken(driver)).toEqual([
      ['a', 2, 5],
      ['b', 1, 6],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([]);
    feed(driver, 'in', [['a', 1, 9]]);
    driver.commit();
    expect(taken(driver)).toEqual([['a', 3, 9]]);
  });

  it('says nothing of rows that came and went in between, and deletes rows that were emitted', () => {
    const driver = drive([rows.pipe(emitOnCommit(), to('out'))]);
    feed(driver, 'in', [
      ['a', 1],
      ['a', null],
      ['b', 1],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([['b', 1, 0]]);
    feed(driver, 'in', [
      ['b', 2],
      ['b', null],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([['b', null, 0]]);
  });

  it('tells what is behind it the row as it was last emitted', () => {
    const grouped = rows.pipe(
      emitOnCommit(),
      groupBy((n) => (n > 5 ? 'large' : 'small')),
      count('sizes'),
      to('out'),
    );
    const driver = drive([grouped]);
    feed(driver, 'in', [
      ['a', 1],
      ['a', 9],
      ['b', 9],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([
      ['large', 1, 0],
      ['large', 2, 0],
    ]);
    feed(driver, 'in', [
      ['a', 8],
      ['a', 2],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([
      ['large', 1, 0],
      ['small', 1, 0],
    ]);
  });

  it('lets the steps of one above another emit in one commit', () => {
    const driver = drive([
      rows.pipe(
        emitOnCommit(),
        filter((n) => n > 1),
        emitOnCommit(),
        to('out'),
      ),
    ]);
    feed(driver, 'in', [
      ['a', 1],
      ['a', 7],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([['a', 7, 0]]);
  });

  it('holds nothing over a crash: the records come again', () => {
    const driver = drive([numbers.pipe(count(), emitOnCommit(), to('out'))]);
    feed(driver, 'in', [['a', 1]]);
    driver.restart();
    driver.commit();
    expect(taken(driver)).toEqual([]);
    feed(driver, 'in', [['a', 1]]);
    driver.commit();
    expect(taken(driver)).toEqual([['a', 1, 0]]);
  });

  it('is read as the table is, held back or not', () => {
    const clicks = stream('clicks', { key: text, value: text });
    const table = rows.pipe(emitOnCommit());
    const driver = drive([
      clicks.pipe(
        joinTable(table, (click, n) => `${click}${n}`),
        to('out'),
      ),
    ]);
    feed(driver, 'in', [['a', 1]]);
    expect(feed(driver, 'clicks', [['a', 'x']])).toEqual([['a', 'x1', 0]]);
  });

  it('tells windows of one key apart', () => {
    const driver = drive([
      numbers.pipe(
        window(tumbling(10, { grace: 50 })),
        sum((n) => n),
        emitOnCommit(),
        to('out'),
      ),
    ]);
    feed(driver, 'in', [
      ['a', 1, 1],
      ['a', 2, 11],
      ['a', 3, 2],
    ]);
    driver.commit();
    expect(taken(driver)).toEqual([
      [{ key: 'a', start: 0, end: 10 }, 4, 2],
      [{ key: 'a', start: 10, end: 20 }, 2, 11],
    ]);
  });

  it('refuses streams', () => {
    expect(failure(() => emitOnCommit()(numbers as never)).code).toBe('MISPLACED_STEP');
  });
});

describe('laws', () => {
  const updates = fc.array(
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.integer({ min: 0, max: 9 })), fc.boolean()),
  );
  test.prop([updates])('the last change of each key is that of the table without it', (records) => {
    const held = drive([
      rows.pipe(
        filter((n) => n > 2),
        emitOnCommit(),
        to('out'),
      ),
    ]);
    const plain = drive([
      rows.pipe(
        filter((n) => n > 2),
        to('out'),
      ),
    ]);
    for (const [key, value, commit] of records) {
      for (const driver of [held, plain]) driver.send('in', { key, value });
      if (commit) held.commit();
    }
    held.commit();
    const last = (driver: typeof held) => {
      const found = new Map(driver.read('out').map(({ key, value }) => [key, value]));
      for (const [key, value] of found) if (value === null) found.delete(key);
      return found;
    };
    const [fromHeld, fromPlain] = [last(held), last(plain)];
    expect([...fromHeld].sort()).toEqual([...fromPlain].sort());
  });
});
