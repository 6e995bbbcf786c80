import { fc, test } from '@fast-check/vitest';
import {
  aggregate,
  bytes,
  count,
  filter,
  groupBy,
  joinTable,
  map,
  outerJoinTable,
  type Sink,
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
  type UntilTimeLimit,
  type WindowKey,
  window,
} from 'millrace';
import { type Driver, drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, run, type Short, taken } from './feed.ts';
import { numbers, rows } from './sources.ts';

const tenEach = numbers.pipe(window(tumbling(10)), count());
const final = tenEach.pipe(suppress({ until: 'windowCloses' }, 'final'), to('out'));
const limited = rows.pipe(suppress({ until: 10 }, 'limited'), to('out'));
const at = (key: string, start: number, end: number) => ({ key, start, end });

describe('suppress until windows close', () => {
  it('emits each row once, when its window has closed, by end and key', () => {
    const driver = drive([final]);
    const early: Short[] = [
      ['b', 1, 1],
      ['a', 1, 9],
      ['b', 1, 5],
      ['a', 1, 3],
    ];
    expect(feed(driver, 'in', early)).toEqual([]);
    expect(feed(driver, 'in', [['c', 1, 10]])).toEqual([
      [at('a', 0, 10), 2, 9],
      [at('b', 0, 10), 2, 5],
    ]);
    expect(feed(driver, 'in', [['c', 1, 40]])).toEqual([[at('c', 10, 20), 1, 10]]);
  });

  it('waits for the grace too', () => {
    const counts = numbers.pipe(window(tumbling(10, { grace: 5 })), count());
    const driver = drive([counts.pipe(suppress({ until: 'windowCloses' }), to('out'))]);
    expect(
      feed(driver, 'in', [
        ['a', 1, 1],
        ['a', 1, 14],
        ['a', 1, 2],
      ]),
    ).toEqual([]);
    expect(feed(driver, 'in', [['a', 1, 15]])).toEqual([[at('a', 0, 10), 2, 2]]);
  });

  it('says nothing of sessions that were merged while it held them', () => {
    const visits = numbers.pipe(window(session(5, { grace: 10 })), count());
    const records: Short[] = [
      ['a', 1, 0],
      ['a', 1, 8],
      ['a', 1, 4],
      ['a', 1, 30],
    ];
    expect(run(visits.pipe(suppress({ until: 'windowCloses' }), to('out')), records)).toEqual([
      [at('a', 0, 8), 3, 8],
    ]);
  });

  it.each([
    ['sliding', sliding(10, { grace: 5 }), at('a', 90, 100), at('b', 95, 105)],
    ['session', session(10, { grace: 5 }), at('a', 100, 100), at('b', 115, 115)],
  ])('corrects what a record changed in the last moment of a %s window', (_, spec, first, second) => {
    const moment = second.end;
    const grouped = numbers.pipe(
      window(spec),
      count(),
      suppress({ until: 'windowCloses' }),
      groupBy((n) => String(n)),
      count(),
      to('out'),
    );
    expect(
      run(grouped, [
        ['a', 1, 100],
        ['b', 1, moment],
        ['a', 1, first.end],
      ]),
    ).toEqual([
      ['1', 1, 100],
      ['1', 0, 100],
      ['2', 1, 100],
    ]);
  });

  it('takes a final row back that is merged into a session in its last moment', () => {
    const visits = numbers.pipe(window(session(10, { grace: 5 })), count());
    expect(
      run(visits.pipe(suppress({ until: 'windowCloses' }), to('out')), [
        ['a', 1, 100],
        ['b', 1, 115],
        ['a', 1, 98],
      ]),
    ).toEqual([
      [at('a', 100, 100), 1, 100],
      [at('a', 100, 100), null, 100],
      [at('a', 98, 100), 2, 100],
    ]);
  });

  it('finds the windows behind steps that keep them', () => {
    const many = tenEach.pipe(
      filter((n) => n > 1),
      map((n) => n * 10),
      toStream(),
      toTable('many'),
      suppress({ until: 'windowCloses' }),
      to('out'),
    );
    expect(
      run(many, [
        ['a', 1, 1],
        ['a', 1, 2],
        ['b', 1, 3],
        ['b', 1, 20],
        ['b', 1, 21],
      ]),
    ).toEqual([[at('a', 0, 10), 20, 2]]);
  });

  it('waits for the longer grace of two tables that were joined', () => {
    const slow = stream('slow', { key: text, value: text }).pipe(
      window(tumbling(10, { grace: 20 })),
      count('slow'),
    );
    const fast = numbers.pipe(window(tumbling(10)), count({ name: 'fast', retention: 100 }));
    const both = fast.pipe(
      outerJoinTable(slow, (soon, late) => `${soon}+${late}`),
      suppress({ until: 'windowCloses' }),
      to('out'),
    );
    const driver = drive([both]);
    feed(driver, 'in', [
      ['a', 1, 1],
      ['a', 1, 20],
    ]);
    expect(feed(driver, 'slow', [['a', '', 2]])).toEqual([]);
    expect(feed(driver, 'in', [['a', 1, 30]])).toEqual([[at('a', 0, 10), '1+1', 2]]);
  });

  it('stops rather than emit what is not final, and goes on when it may hold more', () => {
    const driver = drive([
      tenEach.pipe(suppress({ until: 'windowCloses', maxRecords: 1 }, 'final'), to('out')),
    ]);
    feed(driver, 'in', [['a', 1, 1]]);
    expect(failure(() => driver.send('in', { key: 'b', value: 1, timestamp: 2 }))).toMatchObject({
      code: 'BUFFER_FULL',
      details: { step: 'final', expected: 'at most 1 records', found: '2 records' },
    });
  });

  it('is refused where there are no windows', () => {
    const unwindowed = rows as unknown as Table<WindowKey<string>, number>;
    const behind = (other: typeof unwindowed) =>
      failure(() => other.pipe(suppress({ until: 'windowCloses' })));
    expect(behind(unwindowed)).toMatchObject({ code: 'MISPLACED_STEP' });
    const regrouped = tenEach.pipe(
      groupBy((n) => String(n)),
      count(),
    );
    expect(behind(regrouped as unknown as typeof unwindowed)).toMatchObject({ code: 'MISPLACED_STEP' });
  });
});

describe('suppress until a time limit', () => {
  it('emits one change per row, as the last was, by the time of the first', () => {
    const driver = drive([limited]);
    const changes: Short[] = [
      ['b', 1, 0],
      ['a', 1, 0],
      ['a', 2, 5],
      ['b', 3, 4],
    ];
    expect(feed(driver, 'in', changes)).toEqual([]);
    expect(feed(driver, 'in', [['c', 1, 10]])).toEqual([
      ['a', 2, 5],
      ['b', 3, 4],
    ]);
  });

  it('lets changes pass that are older than the limit', () => {
    const driver = drive([limited]);
    feed(driver, 'in', [['a', 1, 20]]);
    expect(feed(driver, 'in', [['b', 1, 10]])).toEqual([['b', 1, 10]]);
    expect(feed(driver, 'in', [['b', 1, 11]])).toEqual([]);
  });

  it('emits everything at once when the limit is zero', () => {
    const changes: Short[] = [
      ['a', 1, 5],
      ['a', 2, 3],
      ['a', null, 4],
    ];
    expect(run(rows.pipe(suppress({ until: 0 }), to('out')), changes)).toEqual(changes);
  });

  it('emits deletions, of rows that came and went too', () => {
    const driver = drive([limited]);
    feed(driver, 'in', [
      ['a', 1, 0],
      ['a', null, 1],
    ]);
    expect(feed(driver, 'in', [['tick', 1, 10]])).toEqual([['a', null, 1]]);
  });

  it('tells what is behind it the row as it was last emitted', () => {
    const groups = rows.pipe(
      suppress({ until: 10 }),
      groupBy((n) => (n > 5 ? 'large' : 'small')),
      count('sizes'),
      to('out'),
    );
    expect(
      run(groups, [
        ['a', 1, 0],
        ['b', 9, 10],
        ['a', 2, 11],
        ['a', 8, 12],
        ['b', 1, 40],
      ]),
    ).toEqual([
      ['small', 1, 0],
      ['small', 2, 40],
      ['small', 1, 40],
      ['large', 1, 12],
    ]);
  });

  it('is read as it was last emitted', () => {
    const clicks = stream('clicks', { key: text, value: text });
    const named = clicks.pipe(
      joinTable(rows.pipe(suppress({ until: 10 })), (click, row) => `${click}${row}`),
      to('out'),
    );
    const driver = drive([named]);
    const click = () => feed(driver, 'clicks', [['a', 'row ']]).map((result) => (result as unknown[])[1]);
    feed(driver, 'in', [['a', 1, 0]]);
    expect(click()).toEqual([]);
    feed(driver, 'in', [['tick', 0, 10]]);
    expect(click()).toEqual(['row 1']);
    feed(driver, 'in', [['a', 2, 10]]);
    expect(click()).toEqual(['row 1']);
    driver.commit();
    driver.restart();
    expect(click()).toEqual(['row 1']);
    feed(driver, 'in', [['tick', 0, 20]]);
    expect(click()).toEqual(['row 2']);
  });

  it('keeps the headers of the last change', () => {
    const driver = drive([limited]);
    const headers = [['trace', Buffer.from([0, 255])]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 0, headers: [['old', null]] });
    driver.send('in', { key: 'a', value: 2, timestamp: 1, headers });
    driver.commit();
    driver.restart();
    driver.send('in', { key: 'tick', value: 1, timestamp: 10 });
    expect(driver.read('out')).toEqual([{ key: 'a', value: 2, timestamp: 1, headers }]);
  });

  it('emits the oldest rows early when it holds too many', () => {
    const driver = drive([rows.pipe(suppress({ until: 100, maxRecords: 2 }), to('out'))]);
    const three: Short[] = [
      ['b', 1, 1],
      ['c', 1, 0],
      ['b', 2, 9],
    ];
    expect(feed(driver, 'in', three)).toEqual([]);
    expect(feed(driver, 'in', [['a', 1, 2]])).toEqual([['c', 1, 0]]);
    expect(feed(driver, 'in', [['d', 1, 2]])).toEqual([['b', 2, 9]]);
  });

  it('counts the bytes of keys and rows, restarts included', () => {
    const long: Table<string, string> = table('in', { key: text, value: text, name: 'long' });
    const driver = drive([long.pipe(suppress({ until: 100, maxBytes: 400 }), to('out'))]);
    feed(driver, 'in', [
      ['a', 'x'.repeat(150), 0],
      ['b', 'y'.repeat(150), 1],
    ]);
    driver.commit();
    driver.restart();
    const keysOf = (results: unknown[]) => results.map((result) => (result as unknown[])[0]);
    expect(keysOf(feed(driver, 'in', [['a', 'x'.repeat(120), 2]]))).toEqual([]);
    expect(keysOf(feed(driver, 'in', [['c', 'z'.repeat(150), 3]]))).toEqual(['a']);
    expect(keysOf(feed(driver, 'in', [['d', 'z'.repeat(500), 4]]))).toEqual(['b', 'c', 'd']);
  });

  it('stops the application where that is asked for, with the record that does not fit', () => {
    const stopping = rows.pipe(suppress({ until: 100, maxRecords: 1, whenFull: 'stop' }), to('out'));
    const driver = drive([stopping]);
    feed(driver, 'in', [
      ['a', 1, 0],
      ['a', 2, 1],
    ]);
    expect(failure(() => driver.send('in', { key: 'b', value: 1, timestamp: 2 }))).toMatchObject({
      code: 'BUFFER_FULL',
    });
  });

  it('lets rows go before it is full', () => {
    const stopping = rows.pipe(suppress({ until: 10, maxRecords: 1, whenFull: 'stop' }), to('out'));
    const records: Short[] = [
      ['a', 1, 0],
      ['b', 1, 10],
    ];
    expect(run(stopping, records)).toEqual([['a', 1, 0]]);
  });

  it('orders keys as their bytes are ordered', () => {
    const keys = ['z', 'é', '\u{1f600}', '\uffee', '', 'a\u0000', 'a'];
    const records = keys.map((key): Short => [key, 1, 0]);
    const emitted = run(limited, [...records, ['tick', 1, 10]]).map((result) => (result as unknown[])[0]);
    expect(emitted).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('writes what JSON cannot carry with the codec it is given', () => {
    const packed = rows.pipe(
      map((n): Buffer => Buffer.from(String(n))),
      suppress({ until: 10 }, { value: bytes }),
      to('out'),
    );
    const driver = drive([packed]);
    feed(driver, 'in', [['a', 1, 0]]);
    driver.commit();
    driver.restart();
    expect(feed(driver, 'in', [['tick', 1, 10]])).toEqual([['a', Buffer.from('1'), 0]]);
  });

  it('keeps nothing that it has emitted', () => {
    const driver = drive([limited]);
    feed(driver, 'in', [
      ['a', 1, 0],
      ['b', 1, 50],
      ['c', 1, 100],
    ]);
    expect(driver.store('limited').map(([key]) => key)).toEqual(['c']);
    expect(driver.store('limited-order').map(([, { value }]) => value)).toEqual(['c']);
  });
});

describe('suppress', () => {
  const change = fc.tuple(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.option(fc.integer({ min: 0, max: 9 })),
    fc.integer({ min: 0, max: 60 }),
  );
  const limits = fc.record<UntilTimeLimit>({
    until: fc.integer({ min: 0, max: 30 }),
    maxRecords: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  });
  /** Sum and number of the rows, as whoever regroups them keeps it: right only if each change begins where the last ended. */
  const summed = (options: UntilTimeLimit): Sink[] => {
    const changes = rows.pipe(suppress(options, 'held'));
    const total = changes.pipe(
      groupBy(() => 'all'),
      aggregate(
        () => ({ sum: 0, count: 0 }),
        ({ sum, count }, n) => ({ sum: sum + n, count: count + 1 }),
        ({ sum, count }, n) => ({ sum: sum - n, count: count - 1 }),
        'total',
      ),
    );
    return [changes.pipe(to('out')), total.pipe(to('total'))];
  };
  const flush = (driver: Driver): void => driver.send('in', { key: 'flush', value: 100, timestamp: 1_000 });

  test.prop([fc.array(change, { maxLength: 40 }), limits])(
    'in the end tells of every row as it is, and of none twice',
    (changes, options) => {
      const driver = drive(summed(options));
      for (const [key, value, timestamp] of changes) driver.send('in', { key, value, timestamp });
      driver.send('in', { key: 'flush', value: null, timestamp: 1_000 });
      driver.send('in', { key: 'flush', value: null, timestamp: 2_000 });
      const seen = new Map(driver.read('out').map(({ key, value }) => [key, value]));
      const left = new Map(driver.store('rows').map(([key, cell]) => [key, cell.value as number]));
      expect(new Map([...seen].filter(([, value]) => value !== null))).toEqual(left);
      const total = [...left.values()].reduce((sum, n) => sum + n, 0);
      const kept = driver.store('total').map(([, cell]) => cell.value);
      expect(kept[0] ?? { sum: 0, count: 0 }).toEqual({ sum: total, count: left.size });
    },
  );

  test.prop([fc.array(fc.tuple(change, fc.boolean()), { maxLength: 40 }), limits])(
    'emits the same whenever it is killed after a commit',
    (changes, options) => {
      const [whole, killed] = [drive(summed(options)), drive(summed(options))];
      for (const [[key, value, timestamp], kill] of changes) {
        for (const driver of [whole, killed]) driver.send('in', { key, value, timestamp });
        expect(taken(killed)).toEqual(taken(whole));
        if (!kill) continue;
        killed.commit();
        killed.restart();
      }
      for (const driver of [whole, killed]) flush(driver);
      expect(taken(killed, 'total')).toEqual(taken(whole, 'total'));
    },
  );

  it('refuses what it does not know', () => {
    const refused = (options: unknown) => failure(() => suppress(options as UntilTimeLimit));
    expect(refused({ until: 'soon' })).toMatchObject({ code: 'INVALID_DURATION' });
    expect(refused(undefined)).toMatchObject({ code: 'INVALID_DURATION' });
    expect(refused({ until: -1 })).toMatchObject({ code: 'INVALID_DURATION' });
    expect(refused({ until: 1, maxRecord: 1 })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused({ until: 1, maxRecords: -1 })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused({ until: 1, maxBytes: 0.5 })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused({ until: 1, whenFull: 'explode' })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(refused({ until: 'windowCloses', whenFull: 'emitEarly' })).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(failure(() => suppress({ until: 1 })(numbers as never))).toMatchObject({ code: 'MISPLACED_STEP' });
  });
});
