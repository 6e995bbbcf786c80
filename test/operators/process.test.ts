import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  count,
  int64,
  json,
  keyBy,
  map,
  mapAsync,
  type Op,
  type ProcessContext,
  process,
  type Stream,
  stream,
  text,
  to,
  topology,
} from '../../src/index.ts';
import { drive } from '../../src/runtime/testing/index.ts';
import { failure } from '../dsl/failure.ts';
import { world } from '../runtime/appKit.ts';
import { feed, run, taken } from './feed.ts';
import { gaps, numbers } from './sources.ts';

type Numbers = Stream<string, number>;
const total = { stores: { total: { key: text, value: json<number>() } } };

const runningSum = process<Numbers, typeof total.stores>(total, ({ stores, emit }) => ({ key, value }) => {
  const sum = (stores.total.get(key) ?? 0) + value;
  stores.total.put(key, sum);
  emit({ value: sum });
});
/** Emits [key, 'the due time'] whenever the timer fires, and every record as it is. */
const ticking = (interval: number, by: 'streamTime' | 'wallClock', key = 'tick'): Op<Numbers, Numbers> =>
  process({}, (context) => {
    context.every(interval, by, (timestamp) => context.emit({ key, value: timestamp }));
    return () => context.emit({});
  });
const ticks = (results: unknown[]): unknown[] =>
  results.filter((result) => (result as unknown[])[0] === 'tick').map((result) => (result as unknown[])[1]);

describe('process', () => {
  it('emits what its function emits, with a store of its own', () => {
    const results = run(numbers.pipe(runningSum, to('out')), [
      ['a', 1, 5],
      ['b', 10, 6],
      ['a', 2, 3],
    ]);
    expect(results).toEqual([
      ['a', 1, 5],
      ['b', 10, 6],
      ['a', 3, 3],
    ]);
  });

  it('takes from the record what an emission leaves out, and nothing else', () => {
    const headers = [['h', Buffer.from('x')]] as const;
    const both = process<Numbers>({}, ({ emit }) => () => {
      emit({});
      emit({ key: 'k', value: 9, timestamp: 7, headers: [] });
    });
    const driver = drive([numbers.pipe(both, to('out'))]);
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    expect(driver.read('out')).toEqual([
      { key: 'a', value: 1, timestamp: 5, headers },
      { key: 'k', value: 9, timestamp: 7, headers: [] },
    ]);
  });

  it('hands on records without key or value, and emits them', () => {
    const asIs = process<typeof gaps>(
      {},
      ({ emit }) =>
        () =>
          emit({}),
    );
    const records = [[null, 1, 1] as const, ['a', null, 2] as const];
    expect(run(gaps.pipe(asIs, to('out')), records)).toEqual(records);
    const blank = process<typeof gaps>(
      {},
      ({ emit }) =>
        () =>
          emit({ key: null, value: null }),
    );
    expect(run(gaps.pipe(blank, to('out')), [['a', 1]])).toEqual([[null, null, 0]]);
  });

  it('knows rows again after a restart, deletes them and lists them by key', () => {
    const step = process<Numbers, typeof total.stores>(
      total,
      ({ stores: { total: rows }, emit }) =>
        ({ key, value }) => {
          if (value < 0) rows.delete(key);
          else rows.put(key, value);
          emit({ value: [...rows.entries()].reduce((sum, [, row]) => sum * 10 + row, 0) });
        },
    );
    const driver = drive([numbers.pipe(step, to('out'))]);
    feed(driver, 'in', [
      ['b', 2],
      ['a', 1],
    ]);
    driver.commit();
    driver.restart();
    const results = feed(driver, 'in', [
      ['c', 3],
      ['b', -1],
    ]);
    expect(results).toEqual([
      ['c', 123, 0],
      ['b', 13, 0],
    ]);
    expect(driver.store('in.process-total')).toMatchObject([
      ['a', { value: 1 }],
      ['c', { value: 3 }],
    ]);
  });

  it('gets its records by key when it keeps rows, and does not when it keeps none', () => {
    const byParity = keyBy<Numbers, string>((value) => String(value % 2));
    const driver = drive([numbers.pipe(byParity, runningSum, to('out'))]);
    expect(
      feed(driver, 'in', [
        ['x', 1],
        ['y', 3],
      ]),
    ).toEqual([
      ['1', 1, 0],
      ['1', 4, 0],
    ]);
    expect(driver.topics()).toEqual(['test-in.keyBy-repartition']);
    const plain = drive([numbers.pipe(byParity, ticking(10, 'streamTime'), to('out'))]);
    feed(plain, 'in', [['x', 1]]);
    expect(plain.topics()).toEqual([]);
  });

  it('makes what follows repartition when it has a codec for new keys', () => {
    const rekey = process(
      { key: int64, value: text },
      ({ emit }) =>
        ({ key, value }: { key: string; value: number }) => {
          emit({ key: value, value: key });
        },
    ) as Op<Numbers, Stream<number, string>>;
    const driver = drive([numbers.pipe(rekey, count(), to('out'))].map((sink) => sink));
    expect(
      feed(driver, 'in', [
        ['x', 7],
        ['y', 7],
      ]),
    ).toEqual([
      [7, 1, 0],
      [7, 2, 0],
    ]);
    expect(driver.topics()).toEqual(['test-in.process-repartition']);
  });

  it('shows stream time with the record at work, and the wall clock', () => {
    const times = process<Numbers>(
      {},
      (context) => () => context.emit({ value: context.streamTime, timestamp: context.now }),
    );
    const driver = drive([numbers.pipe(times, to('out'))]);
    driver.advance(100);
    expect(
      feed(driver, 'in', [
        ['a', 0, 7],
        ['a', 0, 3],
      ]),
    ).toEqual([
      ['a', 7, 100],
      ['a', 7, 100],
    ]);
  });
});

describe('process, by stream time', () => {
  it('fires after the first record and then once whenever another multiple is reached', () => {
    const results = run(numbers.pipe(ticking(10, 'streamTime'), to('out')), [
      ['a', 0, 3],
      ['a', 0, 9],
      ['a', 0, 10],
      ['a', 0, 4],
      ['a', 0, 35],
      ['a', 0, 39],
      ['a', 0, 40],
    ]);
    expect(ticks(results)).toEqual([3, 10, 35, 40]);
  });

  it('fires when the record has gone through the whole task', () => {
    const seen: unknown[] = [];
    const end = numbers.pipe(
      ticking(10, 'streamTime'),
      map((value, { key }) => {
        seen.push(key);
        return value;
      }),
      to('out'),
    );
    const other = numbers.pipe(
      map((value) => {
        seen.push('other branch');
        return value;
      }),
      to('other'),
    );
    const driver = drive([end, other]);
    driver.send('in', { key: 'a', value: 1, timestamp: 5 });
    expect(seen).toEqual(['a', 'other branch', 'tick']);
  });

  it('fires what fell due first, and of equals what stands upstream', () => {
    const chain = numbers.pipe(
      ticking(10, 'streamTime', 'ten'),
      ticking(7, 'streamTime', 'seven'),
      ticking(7, 'streamTime', 'again'),
      to('out'),
    );
    const driver = drive([chain]);
    feed(driver, 'in', [['a', 0, 1]]);
    const keys = (feed(driver, 'in', [['a', 0, 12]]) as unknown[][]).map(([key]) => key);
    expect(keys).toEqual(['a', 'seven', 'again', 'ten']);
  });

  test.prop([
    fc.integer({ min: 1, max: 30 }),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.boolean()), { maxLength: 40 }),
  ])('fires the same whenever the task is restarted', (interval, steps) => {
    const driver = drive([numbers.pipe(ticking(interval, 'streamTime'), to('out'))]);
    let now = -1;
    for (const [timestamp, restarts] of steps) {
      const passed = Math.floor(Math.max(now, timestamp) / interval) > Math.floor(now / interval);
      const due = now < 0 || passed;
      now = Math.max(now, timestamp);
      expect(ticks(feed(driver, 'in', [['a', 0, timestamp]]))).toEqual(due ? [now] : []);
      if (!restarts) continue;
      driver.commit();
      driver.restart();
    }
    driver.close();
  });

  it('lets a timer flush its rows with the stream time', () => {
    const latest = process<Numbers, typeof total.stores>(
      total,
      ({ stores: { total: rows }, emit, every }) => {
        every('10ms', 'streamTime', () => {
          for (const [key, value] of rows.entries()) {
            emit({ key, value });
            rows.delete(key);
          }
        });
        return ({ key, value }) => rows.put(key, value);
      },
    );
    const driver = drive([numbers.pipe(latest, to('out'))]);
    expect(
      feed(driver, 'in', [
        ['b', 1, 3],
        ['b', 2, 5],
        ['a', 3, 9],
        ['b', 4, 12],
      ]),
    ).toEqual([
      ['b', 1, 3],
      ['a', 3, 12],
      ['b', 4, 12],
    ]);
    expect(driver.store('in.process-total')).toEqual([]);
  });
});

describe('process, by the wall clock', () => {
  it('fires first one interval after the start, then on the same grid, once per advance', () => {
    const driver = drive([numbers.pipe(ticking(10, 'wallClock'), to('out'))]);
    const at = (ms: number): unknown[] => {
      driver.advance(ms);
      return taken(driver);
    };
    expect([at(9), at(1), at(25), at(4), at(1)]).toEqual([
      [],
      [['tick', 10, 10]],
      [['tick', 35, 35]],
      [],
      [['tick', 40, 40]],
    ]);
  });

  it('is committed although no record comes and no row changes', async () => {
    const codecs = { key: text, value: json<number>() };
    const own = await world(['ticked', 'out'].map((topic) => ({ topic, partitions: 1 })));
    const step = process<Numbers>({}, ({ emit, every }) => {
      every('1s', 'wallClock', (timestamp) => emit({ key: 'tick', value: timestamp }));
      return () => {};
    });
    const instance = own.instance('clock', { sinks: [stream('ticked', codecs).pipe(step, to('out'))] });
    await own.start(instance);
    await own.clock.advance(10_000);
    expect((await own.read('out', codecs)).length).toBeGreaterThanOrEqual(8);
    await own.clock.run(instance.stop());
  });
});

describe('process, used wrongly', () => {
  const context = (
    use: (
      context: ProcessContext<Numbers, typeof total.stores, string, number>,
    ) => (() => unknown) | undefined,
  ) => {
    const step = process<Numbers, typeof total.stores>(total, (given) => use(given) as () => void);
    const driver = drive([numbers.pipe(step, to('out'))]);
    feed(driver, 'in', [['a', 1]]);
    return driver;
  };
  const anyway = (value: unknown) => value as never;

  it('says which timer threw, and blames no record', () => {
    const step = process<Numbers>({ name: 'watch' }, ({ every }) => {
      every('1s', 'streamTime', () => {
        throw new Error('out of order');
      });
      return () => {};
    });
    const { code, details, message } = failure(() => run(numbers.pipe(step, to('out')), [['a', 1]]));
    expect(code).toBe('STEP_FAILED');
    expect(details).toMatchObject({ step: 'watch', cause: new Error('out of order') });
    expect(details.topic).toBeUndefined();
    expect(message).toContain('timer of this step (every 1000 ms of streamTime)');
  });

  it('blames no record either for what a step behind a timer throws', () => {
    const end = numbers.pipe(
      ticking(10, 'streamTime'),
      map((value, { key }) => {
        if (key === 'tick') throw new Error('no ticks');
        return value;
      }),
      to('out'),
    );
    const { code, details } = failure(() => run(end, [['a', 1]]));
    expect([code, details.topic, details.step]).toEqual(['STEP_FAILED', undefined, 'in.process.map']);
  });

  it('names the record whose turn failed, and emits nothing of it', () => {
    const step = process<Numbers>({}, ({ emit }) => ({ value }) => {
      emit({});
      if (value === 2) throw new Error('two');
    });
    const driver = drive([numbers.pipe(step, to('out'))]);
    feed(driver, 'in', [['a', 1]]);
    expect(failure(() => feed(driver, 'in', [['a', 2]]))).toMatchObject({
      code: 'STEP_FAILED',
      details: { step: 'in.process', offset: 1 },
    });
    expect(feed(driver, 'in', [['a', 3]])).toEqual([['a', 3, 0]]);
  });

  it('refuses emissions and changes of rows from outside a turn', async () => {
    for (const use of [
      ({ emit }: { emit: (emission: object) => void }) => emit({}),
      ({ stores }: ProcessContext<Numbers, typeof total.stores, string, number>) => stores.total.put('a', 1),
      ({ stores }: ProcessContext<Numbers, typeof total.stores, string, number>) => stores.total.delete('a'),
    ]) {
      let late: (() => void) | undefined;
      const driver = context((given) => {
        late = () => use(given);
        return () => {};
      });
      expect(failure(() => late!())).toMatchObject({
        code: 'ASYNC_EMISSION',
        details: { step: 'in.process' },
      });
      expect(failure(() => feed(driver, 'in', [['a', 1]]))).toMatchObject({ code: 'ASYNC_EMISSION' });
    }
  });

  it.each<[string, string, Parameters<typeof context>[0]]>([
    ['emissions while setting up', 'STEP_FAILED', ({ emit }) => void emit({})],
    ['rows while setting up', 'STEP_FAILED', ({ stores }) => void stores.total.put('a', 1)],
    ['a function that sets up nothing', 'INVALID_ARGUMENT', () => undefined],
    [
      'a function that throws while setting up',
      'STEP_FAILED',
      () => {
        throw new Error('no');
      },
    ],
    [
      'timers after setting up',
      'INVALID_ARGUMENT',
      ({ every }) =>
        () =>
          every('1s', 'streamTime', () => {}),
    ],
    ['timers without an interval', 'INVALID_DURATION', ({ every }) => void every(0, 'streamTime', () => {})],
    [
      'what is no interval',
      'INVALID_DURATION',
      ({ every }) => void every(anyway('soon'), 'streamTime', () => {}),
    ],
    ['another clock', 'INVALID_ARGUMENT', ({ every }) => void every('1s', anyway('sundial'), () => {})],
    [
      'a timer that does nothing',
      'INVALID_ARGUMENT',
      ({ every }) => void every('1s', 'wallClock', anyway(1)),
    ],
    [
      'emissions of undefined',
      'STEP_FAILED',
      ({ emit }) =>
        () =>
          emit(anyway({ value: undefined })),
    ],
    [
      'emissions at no time',
      'INVALID_TIMESTAMP',
      ({ emit }) =>
        () =>
          emit({ timestamp: -1 }),
    ],
    [
      'rows without a value',
      'NULL_VALUE',
      ({ stores }) =>
        () =>
          stores.total.put('a', anyway(null)),
    ],
    [
      'promises',
      'STEP_FAILED',
      () => async () => {
        throw new Error('later');
      },
    ],
  ])('refuses %s', (_, code, use) => {
    expect(failure(() => context(use))).toMatchObject({ code, details: { step: expect.anything() } });
  });

  it('refuses records of a timer that have no key or no value', () => {
    for (const part of ['key', 'value']) {
      const step = process<Numbers>({}, ({ emit, every }) => {
        every('1s', 'streamTime', () => emit(part === 'key' ? { value: 1 } : { key: 'a' }));
        return () => {};
      });
      const error = failure(() => run(numbers.pipe(step, to('out')), [['a', 1]]));
      expect(error).toMatchObject({
        code: 'STEP_FAILED',
        details: { expected: expect.stringContaining(part) },
      });
    }
  });

  it('refuses to share stores between steps', () => {
    const shared = process<Numbers, typeof total.stores>({ ...total, name: 'sums' }, () => () => {});
    const ends = [numbers.pipe(shared, to('one')), numbers.pipe(shared, to('two'))];
    const error = failure(() => topology(ends));
    expect(error).toMatchObject({ code: 'AMBIGUOUS_NAME' });
    expect(error.message).toContain('Steps do not share stores');
    const rows = { key: text, value: text };
    const apart = [
      numbers.pipe(
        process({ name: 'a', stores: { 'b-c': rows } }, () => () => {}),
        to('one'),
      ),
      numbers.pipe(
        process({ name: 'a-b', stores: { c: rows } }, () => () => {}),
        to('two'),
      ),
    ];
    expect(failure(() => topology(apart))).toMatchObject({ code: 'AMBIGUOUS_NAME' });
  });

  it('may stand twice on one path when it keeps nothing', () => {
    const ends = ['one', 'two'].map((topic) => numbers.pipe(ticking(10, 'streamTime'), to(topic)));
    expect(topology(ends).subtopologies[0]!.stores).toEqual([]);
  });

  it('does not stand before an asynchronous step, which runs ahead of time', () => {
    const end = numbers.pipe(
      ticking(10, 'streamTime'),
      mapAsync(async (value) => value),
      to('out'),
    );
    expect(failure(() => topology([end]))).toMatchObject({ code: 'MISPLACED_STEP' });
  });

  it.each<[string, () => unknown]>([
    ['options that do not exist', () => process(anyway({ store: {} }), () => () => {})],
    ['stores without codecs', () => process(anyway({ stores: { a: { key: text } } }), () => () => {})],
    ['stores that are no object', () => process(anyway({ stores: 1 }), () => () => {})],
    ['keys without a codec', () => process(anyway({ key: 'text' }), () => () => {})],
    ['values without a codec', () => process(anyway({ value: 'text' }), () => () => {})],
    ['what is no function', () => process({}, anyway(undefined))],
  ])('refuses %s', (_, describeIt) => {
    expect(failure(describeIt)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses names that cannot be those of topics', () => {
    expect(failure(() => process({ name: 'a b' }, () => () => {}))).toMatchObject({ code: 'INVALID_NAME' });
    const stores = { 'a/b': { key: text, value: text } };
    expect(failure(() => process({ stores }, () => () => {}))).toMatchObject({ code: 'INVALID_NAME' });
  });
});
