import {
  aggregate,
  cogroup,
  count,
  filter,
  groupBy,
  joinStream,
  leftJoinStream,
  leftJoinTable,
  map,
  outerJoinStream,
  outerJoinTable,
  peek,
  reduce,
  session,
  sliding,
  stream,
  suppress,
  type Table,
  table,
  text,
  to,
  toStream,
  toTable,
  tumbling,
  window,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run, type Short, taken } from './feed.ts';
import { gaps, numbers, texts } from './sources.ts';

type Ends = Parameters<typeof drive>[0];
type Sent = readonly [topic: string, ...record: Short];

/** What reaches 'out' of records of several topics. */
function runAll(ends: Ends, records: readonly Sent[]): unknown[] {
  const driver = drive(ends);
  for (const [topic, ...record] of records) feed(driver, topic, [record], 'none');
  return taken(driver);
}

const kafka = { before: 'kafka-streams' } as const;
const left = stream('left', { key: text, value: text });
const right = stream('right', { key: text, value: text });
const other = table('other', { key: text, value: text });
const pair = (a: unknown, b: unknown): string => `${a ?? '-'}${b ?? '-'}`;

describe("before: 'kafka-streams'", () => {
  const keys = (store: object) =>
    numbers.pipe(count(store), groupBy(() => 'keys'), count(), to('out')); // biome-ignore format: one line
  const twoKeys: Short[] = [['a', 1], ['b', 1]]; // biome-ignore format: one line

  it('says that a new row was the initial value, which whoever regroups it takes out', () => {
    expect(run(keys({}), twoKeys).at(-1)).toEqual(['keys', 2, 0]);
    expect(run(keys(kafka), twoKeys).at(-1)).toEqual(['keys', 1, 0]);
    const noted = (store: object) => {
      const notes = numbers.pipe(aggregate(() => 'i', (a: string, n) => `${a}${n}`, store)); // biome-ignore format: one line
      const all = aggregate(() => '', (a: string, row: string) => `${a}+${row}`, (a: string, row: string) => `${a}-${row}`); // biome-ignore format: one line
      return run(notes.pipe(groupBy(() => 'all'), all, to('out')), twoKeys).at(-1); // biome-ignore format: one line
    };
    expect(noted({})).toEqual(['all', '+i1+i1', 0]);
    expect(noted(kafka)).toEqual(['all', '+i1-i+i1', 0]);
  });

  it('is what a join finds in place of a row that is held back for the first time', () => {
    const joined = (store: object) => [numbers.pipe(count(store), suppress({ until: 10 }), outerJoinTable(other, pair), to('out'))]; // biome-ignore format: one line
    const sent: Sent[] = [['in', 'a', 1], ['other', 'a', 'x']]; // biome-ignore format: one line
    expect(runAll(joined({}), sent)).toEqual([['a', '-x', 0]]);
    expect(runAll(joined(kafka), sent)).toEqual([['a', '0x', 0]]);
  });

  it('holds for windows and streams that are folded together, too', () => {
    const windows = (store: object) =>
      numbers.pipe(window(tumbling(10)), count(store), groupBy(() => 'all'), count(), to('out')); // biome-ignore format: one line
    expect(run(windows({}), twoKeys).at(-1)).toEqual(['all', 2, 0]);
    expect(run(windows(kafka), twoKeys).at(-1)).toEqual(['all', 1, 0]);
    const add = (a: number, n: number): number => a + n;
    const together = (store: object) => numbers.pipe(cogroup(() => 0, add, [], store), groupBy(() => 'all'), count(), to('out')); // biome-ignore format: one line
    expect(run(together({}), twoKeys).at(-1)).toEqual(['all', 2, 0]);
    expect(run(together(kafka), twoKeys).at(-1)).toEqual(['all', 1, 0]);
  });

  it('says of a sliding window that it was what it is made of', () => {
    const sums = (store: object) => {
      const notes = numbers.pipe(window(sliding(10)), reduce((a, b) => a * 10 + b, store)); // biome-ignore format: one line
      return run(notes.pipe(filter((sum) => sum < 10), to('out')), [['a', 1, 20], ['a', 2, 25]]); // biome-ignore format: one line
    };
    const one = [{ key: 'a', start: 10, end: 20 }, 1, 20];
    const two = [{ key: 'a', start: 21, end: 31 }, 2, 25];
    expect(sums({})).toEqual([one, two]);
    expect(sums(kafka)).toEqual([one, two, [{ key: 'a', start: 15, end: 25 }, null, 25]]);
  });

  it('says of a session that it was nothing: what no longer passes a filter stays', () => {
    const big = (store: object) => numbers.pipe(window(session(10)), reduce((_, n) => n, store), filter((n) => n > 5), to('out')); // biome-ignore format: one line
    const sent: Short[] = [['a', 9, 7], ['a', 1, 7]]; // biome-ignore format: one line
    const visit = { key: 'a', start: 7, end: 7 };
    expect(run(big({}), sent)).toEqual([[visit, 9, 7], [visit, null, 7]]); // biome-ignore format: one line
    expect(run(big(kafka), sent)).toEqual([[visit, 9, 7]]);
  });

  it('is for streams only, and one of its words', () => {
    const grouped = other.pipe(groupBy((value) => value));
    expect(failure(() => grouped.pipe(count(kafka))).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => numbers.pipe(toTable(kafka as object))).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => numbers.pipe(count({ before: 'kafka' as 'row' }))).message).toContain(
      "'row' or 'kafka-streams'",
    );
  });
});

describe('a session store with a retention of gap + grace', () => {
  it('does not find a session any more in the millisecond in which it closes', () => {
    const visits = (store: object) =>
      numbers.pipe(window(session(5)), count(store), suppress({ until: 'windowCloses' }), to('out')); // biome-ignore format: one line
    const sent: Short[] = [['a', 1, 5], ['b', 1, 10], ['a', 1, 5], ['b', 1, 40]]; // biome-ignore format: one line
    const at = (start: number, end: number, key: string) => ({ key, start, end });
    expect(run(visits({}), sent)).toEqual([[at(5, 5, 'a'), 1, 5], [at(5, 5, 'a'), 2, 5], [at(10, 10, 'b'), 1, 10]]); // biome-ignore format: one line
    expect(run(visits({ retention: 5 }), sent)).toEqual([[at(5, 5, 'a'), 1, 5], [at(5, 5, 'a'), 1, 5], [at(10, 10, 'b'), 1, 10]]); // biome-ignore format: one line
  });

  it('still emits it on closing', () => {
    const end = numbers.pipe(window(session(5), { emit: 'onClose' }), count({ retention: 5 }), to('out'));
    const sent: Short[] = [['a', 1, 5], ['b', 1, 10], ['b', 1, 40]]; // biome-ignore format: one line
    expect(run(end, sent).map((row) => (row as [{ key: string }])[0].key)).toEqual(['a', 'b']);
  });
});

describe('final rows without those that are null', () => {
  it('are never taken back', () => {
    const last = gaps.pipe(window(session(5)), reduce((a, n) => (n === 0 ? null : n ?? a)), suppress({ until: 'windowCloses' })); // biome-ignore format: one line
    const sent: Short[] = [['a', 1, 5], ['b', 1, 10], ['a', 0, 5]]; // biome-ignore format: one line
    const visit = { key: 'a', start: 5, end: 5 };
    expect(run(last.pipe(to('out')), [...sent, ['b', 1, 40]]).slice(0, 2)).toEqual([[visit, 1, 5], [visit, null, 5]]); // biome-ignore format: one line
    const kept = last.pipe(toStream(), filter((n) => n !== null), toTable('final')); // biome-ignore format: one line
    expect(run(kept.pipe(to('out')), [...sent, ['b', 1, 40]]).slice(0, 2)).not.toContainEqual([visit, null, 5]); // biome-ignore format: one line
  });
});

describe('a filter written as map()', () => {
  it('emits a tombstone for each row that fails, and a join behind it its result anew', () => {
    const long = (value: string): boolean => value.length > 2;
    const first = table('left', { key: text, value: text });
    const joined = (filtered: Table<string, string>) => [
      first.pipe(leftJoinTable(filtered, pair), to('out')),
    ];
    const sent: Sent[] = [['left', 'a', 'L', 1], ['other', 'a', 'x', 2], ['other', 'a', 'y', 3]]; // biome-ignore format: one line
    expect(runAll(joined(other.pipe(filter(long))), sent)).toEqual([['a', 'L-', 1]]);
    expect(runAll(joined(other.pipe(map((value) => (long(value) ? value : null)))), sent)).toEqual([
      ['a', 'L-', 1],
      ['a', 'L-', 2],
      ['a', 'L-', 3],
    ]);
  });
});

describe('peek() before a left join with a grace', () => {
  it('stops at a record without a key', () => {
    const rates = table('rates', { key: text, value: text, versioned: 100 });
    const refuse = peek<typeof texts>((value, { key }) => {
      if (key === null && value !== null) throw new Error('no key');
    });
    const join = leftJoinTable<typeof texts, string, string>(rates, pair, { grace: 10 });
    const driver = drive([texts.pipe(join, to('out'))]);
    expect(feed(driver, 'in', [[null, 'x', 1]])).toEqual([[null, 'x-', 1]]);
    const strict = drive([texts.pipe(refuse, join, to('out'))]);
    expect(feed(strict, 'in', [[null, null, 1]])).toEqual([]);
    expect(failure(() => feed(strict, 'in', [[null, 'x', 1]])).code).toBe('STEP_FAILED');
  });
});

describe('retention of a join of streams', () => {
  it('lets a window without width or grace join nothing, as there', () => {
    const ends = (options: object) => [left.pipe(joinStream(right, pair, { within: 0, ...options }), to('out'))]; // biome-ignore format: one line
    const sent: Sent[] = [['left', 'a', 'L', 7], ['right', 'a', 'R', 7]]; // biome-ignore format: one line
    expect(runAll(ends({}), sent)).toEqual([['a', 'LR', 7]]);
    expect(runAll(ends({ retention: 0 }), sent)).toEqual([]);
  });

  it('lets records find what is older than their window, by so much', () => {
    const ends = (options: object) => [left.pipe(joinStream(right, pair, { within: 1, ...options }), to('out'))]; // biome-ignore format: one line
    const sent: Sent[] = [['right', 'a', 'R', 7], ['right', 'a', 'S', 17], ['left', 'a', 'L', 7]]; // biome-ignore format: one line
    expect(runAll(ends({}), sent)).toEqual([]);
    expect(runAll(ends({ retention: 11 }), sent)).toEqual([['a', 'LR', 7]]);
  });

  it('is refused where it is shorter than the window and its grace', () => {
    const options = { within: 5, grace: 1, retention: 10 };
    expect(failure(() => left.pipe(joinStream(right, pair, options))).message).toContain('at least before');
  });
});

describe("unmatched: 'kafka-streams'", () => {
  const unmatched = 'kafka-streams';

  it('joins a late record with null at once, and again with a partner that comes within the grace', () => {
    const ends = (options: object) => [left.pipe(leftJoinStream(right, pair, { within: 5, grace: 20, ...options }), to('out'))]; // biome-ignore format: one line
    const sent: Sent[] = [['right', 'b', 'R', 100], ['left', 'a', 'L', 90], ['right', 'a', 'R', 92]]; // biome-ignore format: one line
    expect(runAll(ends({}), sent)).toEqual([['a', 'LR', 92]]);
    expect(runAll(ends({ unmatched }), sent)).toEqual([['a', 'L-', 90], ['a', 'LR', 92]]); // biome-ignore format: one line
  });

  it('looks for records without a partner no sooner than the last one it saw has closed', () => {
    const ends = (options: object) => [
      left.pipe(leftJoinStream(right, pair, { within: 5, ...options }), to('out')),
    ];
    const waiting: Sent[] = [['left', 'a', '1', 0], ['left', 'b', '2', 1], ['left', 'c', '3', 3]]; // biome-ignore format: one line
    const until = (time: number): Sent[] =>
      [6, 7, 9].filter((at) => at <= time).map((at) => ['right', 'x', 'R', at]);
    const results = (options: object) =>
      [6, 7, 9].map((time) => runAll(ends(options), [...waiting, ...until(time)]).length);
    expect(results({})).toEqual([1, 2, 3]);
    expect(results({ unmatched })).toEqual([1, 1, 3]);
  });

  it('remembers through a restart where it stopped to look', () => {
    const end = left.pipe(outerJoinStream(right, pair, { before: 5, after: 10, unmatched }), to('out'));
    const sent: Sent[] = [['left', 'a', '1', 0], ['right', 'b', '2', 1], ['left', 'c', '3', 8], ['right', 'd', '4', 12], ['left', 'e', '5', 19], ['left', 'f', '6', 30]]; // biome-ignore format: one line
    const [steady, shaken] = [drive([end]), drive([end])];
    const results = sent.flatMap(([topic, ...record]) => {
      const expected = feed(steady, topic, [record]);
      expect(feed(shaken, topic, [record])).toEqual(expected);
      shaken.commit();
      shaken.restart();
      return expected;
    });
    expect(results.length).toBeGreaterThan(3);
  });

  it('is not for inner joins, and one of its words', () => {
    const refused = (join: () => unknown): string => failure(() => void join()).code;
    expect(refused(() => left.pipe(joinStream(right, pair, { within: 1, unmatched })))).toBe('INVALID_ARGUMENT'); // biome-ignore format: one line
    expect(refused(() => left.pipe(leftJoinStream(right, pair, { within: 1, unmatched: 'never' as 'once' })))).toBe('INVALID_ARGUMENT'); // biome-ignore format: one line
  });
});

describe('what Kafka Streams does wrong', () => {
  it('loses no window that closes in a jump of time', () => {
    const end = numbers.pipe(window(tumbling(10), { emit: 'onClose' }), count(), to('out'));
    const sent: Short[] = [['a', 1, 5], ['a', 1, 12], ['a', 1, 45], ['a', 1, 100]]; // biome-ignore format: one line
    expect(run(end, sent).map((row) => (row as [{ start: number }])[0].start)).toEqual([0, 10, 40]);
  });

  it('refuses sliding windows without width while they are described', () => {
    expect(failure(() => numbers.pipe(window(sliding(0)))).code).toBe('INVALID_ARGUMENT');
  });
});

describe('the order in which several steps get a change', () => {
  it('is that of the ends they lead to, whichever was described first', () => {
    const source = table('left', { key: text, value: text });
    const kept = source.pipe(map((value) => `(${value})`), toStream(), toTable('kept')); // biome-ignore format: one line
    const joined = source.pipe(filter(() => true), leftJoinTable(kept, pair), to('out')); // biome-ignore format: one line
    const sent: Sent[] = [['left', 'a', '1', 1], ['left', 'a', '2', 2]]; // biome-ignore format: one line
    const values = (ends: Ends) => runAll(ends, sent).map((row) => (row as string[])[1]);
    expect(values([joined])).toEqual(['1-', '1(1)', '2(1)', '2(2)']);
    expect(values([kept, joined])).toEqual(['1(1)', '1(1)', '2(2)', '2(2)']);
  });
});

describe('results of windows', () => {
  it.each([tumbling(10), sliding(10), session(10)])(
    'have the headers of the record that caused them, sessions too',
    (cut) => {
      const driver = drive([numbers.pipe(window(cut), count(), toStream(), to('out'))]);
      const headers = [['h', Buffer.from('x')]] as const;
      driver.send('in', { key: 'a', value: 1, timestamp: 1, headers });
      expect(driver.read('out').map((record) => record.headers)).toEqual([headers]);
    },
  );
});
