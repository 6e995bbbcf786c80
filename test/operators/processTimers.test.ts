import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  int64,
  json,
  keyBy,
  map,
  type Op,
  type ProcessClock,
  type ProcessTimer,
  process,
  type Stream,
  text,
  to,
} from '../../src/index.ts';
import { drive } from '../../src/runtime/testing/index.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run, taken } from './feed.ts';
import { numbers } from './sources.ts';

type Numbers = Stream<string, number>;
type Alarm = ProcessTimer<string>;

/** Each value is when the alarm of its key is due, -1 clears it; alarms are emitted as they go off, with the stream time. */
const alarms = (by: ProcessClock, more?: (alarm: Alarm) => void): Op<Numbers, Numbers> =>
  process({ timers: { alarm: by } }, (context) => {
    const { alarm } = context.timers;
    alarm.onDue(() => {
      context.emit({ value: context.streamTime });
      more?.(alarm);
    });
    return ({ key, value }) => (value < 0 ? alarm.clear(key) : alarm.set(key, value));
  });
const byStreamTime = numbers.pipe(alarms('streamTime'), to('out'));

describe('process, with timers of keys', () => {
  it('fires once stream time is there, with the time that was due, in order of time and key', () => {
    const driver = drive([byStreamTime]);
    expect(
      feed(driver, 'in', [
        ['b', 20, 1],
        ['a', 20, 2],
        ['c', 10, 3],
        ['d', 99, 19],
      ]),
    ).toEqual([['c', 19, 10]]);
    expect(feed(driver, 'in', [['e', 50, 20]])).toEqual([
      ['a', 20, 20],
      ['b', 20, 20],
    ]);
    expect(feed(driver, 'in', [['e', 200, 150]])).toEqual([['d', 150, 99]]);
  });

  it('has one time per key: what is set anew replaces it, what is cleared is gone', () => {
    const driver = drive([byStreamTime]);
    const records = [
      ['a', 10, 1],
      ['a', 30, 2],
      ['b', 10, 3],
      ['b', -1, 4],
      ['c', 40, 5],
    ] as const;
    expect(feed(driver, 'in', [...records, ['c', 20, 29]])).toEqual([['c', 29, 20]]);
    expect(feed(driver, 'in', [['x', 500, 100]])).toEqual([['a', 100, 30]]);
    expect(driver.store('in.process-alarm')).toMatchObject([['x', { value: 500 }]]);
    expect(driver.store('in.process-alarm-order')).toHaveLength(1);
  });

  it('fires what is due already when the record that set it has gone through the whole task', () => {
    const seen: unknown[] = [];
    const record = map<Numbers, number>((value, { key }) => {
      seen.push(key);
      return value;
    });
    const driver = drive([byStreamTime, numbers.pipe(record, to('other'))]);
    expect(feed(driver, 'in', [['late', 5, 100]])).toEqual([['late', 100, 5]]);
    const after = drive([
      numbers.pipe(
        alarms('streamTime'),
        map(() => seen.push('alarm')),
        to('out'),
      ),
      numbers.pipe(record, to('other')),
    ]);
    seen.length = 0;
    feed(after, 'in', [['late', 5, 100]]);
    expect(seen).toEqual(['late', 'alarm']);
  });

  it('lets a timer set and clear timers; what falls due in its turn waits for the next record', () => {
    const step: Op<Numbers, Numbers> = process(
      { timers: { alarm: 'streamTime' } },
      ({ timers: { alarm }, emit }) => {
        alarm.onDue((key, due) => {
          emit({ value: due });
          if (key === 'again') alarm.set(key, due);
          if (key === 'first') alarm.clear('second');
        });
        return ({ key, value }) => {
          if (value >= 0) alarm.set(key, value);
        };
      },
    );
    const driver = drive([numbers.pipe(step, to('out'))]);
    feed(driver, 'in', [
      ['first', 10, 0],
      ['second', 11, 0],
      ['again', 12, 0],
    ]);
    expect(feed(driver, 'in', [['x', -1, 20]])).toEqual([
      ['first', 10, 10],
      ['again', 12, 12],
    ]);
    expect(feed(driver, 'in', [['x', -1, 20]])).toEqual([['again', 12, 12]]);
  });

  it('goes by the wall clock, also when it has passed while nothing ran', () => {
    const driver = drive([numbers.pipe(alarms('wallClock'), to('out'))]);
    feed(driver, 'in', [
      ['a', 1000, 7],
      ['b', 2000, 7],
    ]);
    driver.advance(999);
    expect(taken(driver)).toEqual([]);
    driver.advance(1);
    expect(taken(driver)).toEqual([['a', 7, 1000]]);
    driver.commit();
    driver.restart();
    driver.advance(5000);
    expect(taken(driver)).toEqual([['b', 7, 2000]]);
  });

  test.prop([
    fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c', 'd'),
        due: fc.integer({ min: -1, max: 120 }),
        timestamp: fc.integer({ min: 0, max: 100 }),
        restarts: fc.boolean(),
      }),
      { maxLength: 40 },
    ),
  ])('does what a list of alarms would, whenever the task is restarted', (steps) => {
    const driver = drive([byStreamTime]);
    const model = new Map<string, number>();
    let now = -1;
    for (const { key, due, timestamp, restarts } of steps) {
      now = Math.max(now, timestamp);
      if (due < 0) model.delete(key);
      else model.set(key, due);
      const fired = [...model].filter(([, at]) => at <= now);
      fired.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
      for (const [of] of fired) model.delete(of);
      expect(feed(driver, 'in', [[key, due, timestamp]])).toEqual(fired.map(([of, at]) => [of, now, at]));
      if (!restarts) continue;
      driver.commit();
      driver.restart();
    }
    driver.close();
  });

  it('keeps times for more keys than are held in memory, moved again and again', () => {
    const driver = drive([byStreamTime]);
    for (let i = 0; i < 40_000; i++) {
      driver.send('in', { key: `k${i}`, value: 1_000_000 - i, timestamp: 0 });
      driver.send('in', { key: `k${i}`, value: 2_000_000 - i, timestamp: 0 });
    }
    driver.send('in', { key: 'x', value: 9_000_000, timestamp: 1_999_999 });
    const fired = taken(driver) as [string, number, number][];
    expect(fired).toHaveLength(39_999);
    expect(fired.map(([, , at]) => at)).toEqual(fired.map((_, i) => 1_960_001 + i));
    expect(fired[0]![0]).toBe('k39999');
  });

  it('keeps keys as their codec writes them, and gets its records by key', () => {
    const step = process({ timers: { alarm: 'streamTime' } }, ({ timers, emit }) => {
      timers.alarm.onDue((key, due) => emit({ key, value: due }));
      return ({ key, value }: { key: number; value: number }) => timers.alarm.set(key, value);
    }) as Op<Stream<number, number>, Stream<number, number>>;
    const driver = drive([
      numbers.pipe(
        keyBy((value) => value % 10, int64),
        step,
        to('out'),
      ),
    ]);
    feed(driver, 'in', [
      ['a', 31, 0],
      ['b', 25, 0],
    ]);
    expect(driver.topics()).toEqual(['test-in.keyBy-repartition']);
    expect(feed(driver, 'in', [['c', 77, 40]])).toEqual([
      [5, 25, 25],
      [1, 31, 31],
    ]);
  });
});

describe('process, with timers of keys, used wrongly', () => {
  const anyway = (value: unknown) => value as never;
  const using = (use: (alarm: Alarm) => void) =>
    numbers.pipe(
      process({ timers: { alarm: 'streamTime' } }, ({ timers: { alarm } }) => {
        use(alarm);
        return ({ key, value }) => alarm.set(key, value);
      }),
      to('out'),
    );

  it('says which timer threw, and blames no record', () => {
    const end = using((alarm) =>
      alarm.onDue(() => {
        throw new Error('no');
      }),
    );
    const error = failure(() => run(end, [['a', 1, 1]]));
    expect(error).toMatchObject({
      code: 'STEP_FAILED',
      details: { step: 'in.process', cause: new Error('no') },
    });
    expect(error.details.topic).toBeUndefined();
    expect(error.message).toContain('timer of this step (alarm)');
  });

  it.each<[string, string, (alarm: Alarm) => void]>([
    ['timers that nobody listens to', 'INVALID_ARGUMENT', () => {}],
    ['what is no function', 'INVALID_ARGUMENT', (alarm) => alarm.onDue(anyway(1))],
    ['times set while setting up', 'STEP_FAILED', (alarm) => alarm.set('a', 1)],
    ['times cleared while setting up', 'STEP_FAILED', (alarm) => alarm.clear('a')],
  ])('refuses %s', (_, code, use) => {
    expect(failure(() => drive([using(use)]))).toMatchObject({ code, details: { step: 'in.process' } });
  });

  it('refuses to be told what it does once records come', () => {
    let kept: Alarm | undefined;
    const driver = drive([
      using((alarm) => {
        kept = alarm;
        alarm.onDue(() => {});
      }),
    ]);
    expect(failure(() => kept!.onDue(() => {}))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    driver.close();
  });

  it('refuses times that are none', () => {
    const end = using((alarm) => alarm.onDue(() => {}));
    const error = failure(() => run(end, [['a', -5, 1]]));
    expect(error).toMatchObject({ code: 'INVALID_TIMESTAMP', details: { step: 'in.process', found: '-5' } });
  });

  it.each<[string, string, () => unknown]>([
    [
      'another clock',
      'INVALID_ARGUMENT',
      () => process({ timers: { a: anyway('sundial') } }, () => () => {}),
    ],
    ['timers that are no object', 'INVALID_ARGUMENT', () => process({ timers: anyway(1) }, () => () => {})],
    [
      'names that are none',
      'INVALID_NAME',
      () => process({ timers: { 'a/b': 'wallClock' } }, () => () => {}),
    ],
    [
      'a store of the same name',
      'AMBIGUOUS_NAME',
      () =>
        drive([
          numbers.pipe(
            process(
              { timers: { a: 'wallClock' }, stores: { a: { key: text, value: json<number>() } } },
              () => () => {},
            ),
            to('out'),
          ),
        ]),
    ],
  ])('refuses %s', (_, code, describeIt) => {
    expect(failure(describeIt)).toMatchObject({ code });
  });
});
