import { count, int64, keyBy, map, rxjs, type Stream, stream, text, to } from 'millrace';
import { drive } from 'millrace/testing';
import * as rx from 'rxjs';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import type { AnyMessage, Receive, StepContext } from '../../src/dsl/node.ts';
import { topology } from '../../src/dsl/topology.ts';
import type { MillraceError } from '../../src/errors.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run, taken } from './feed.ts';
import { numbers, rows } from './sources.ts';

const lines = stream('in', { key: text, value: text });

describe('rxjs', () => {
  it('emits what the operator emits while it is given a record: none, one or many', () => {
    const end = lines.pipe(
      rxjs(rx.mergeMap((message) => message.value.split(' ').map((value) => ({ ...message, value })))),
      to('out'),
    );
    expect(
      run(end, [
        ['a', 'to be', 5],
        ['b', 'or', 3],
      ]),
    ).toEqual([
      ['a', 'to', 5],
      ['a', 'be', 5],
      ['b', 'or', 3],
    ]);
    expect(
      run(lines.pipe(rxjs(rx.filter(({ value }) => value !== 'x')), to('out')), [
        ['a', 'x'],
        ['a', 'y'],
      ]),
    ).toEqual([['a', 'y', 0]]);
  });

  it('takes several operators joined by pipe, and gives whole messages', () => {
    const seen: unknown[] = [];
    const doubled = numbers.pipe(
      rxjs((messages) =>
        messages.pipe(
          rx.tap((message) => seen.push(message)),
          rx.map((message) => ({ ...message, value: message.value * 2 })),
        ),
      ),
      map((n) => n + 1),
    );
    expectTypeOf(doubled).toEqualTypeOf<Stream<string, number>>();
    expect(run(doubled.pipe(to('out')), [['a', 4, 7]])).toEqual([['a', 9, 7]]);
    expect(seen).toEqual([{ key: 'a', value: 4, timestamp: 7, headers: [] }]);
  });

  it('remembers within a task, one memory for all keys, and forgets at a restart', () => {
    const summed = numbers.pipe(
      rxjs(rx.scan((sofar, message) => ({ ...message, value: sofar.value + message.value }))),
      to('out'),
    );
    const driver = drive([summed]);
    expect(
      feed(driver, 'in', [
        ['a', 1],
        ['b', 2],
      ]),
    ).toEqual([
      ['a', 1, 0],
      ['b', 3, 0],
    ]);
    driver.commit();
    driver.restart();
    expect(feed(driver, 'in', [['a', 5]])).toEqual([['a', 5, 0]]);
  });

  it('gives each task its own subscription', () => {
    const described = numbers.pipe(
      rxjs(rx.scan((sofar, message) => ({ ...message, value: sofar.value + message.value }))),
      to('out'),
    );
    const [one, other] = [drive([described]), drive([described])];
    expect(feed(one, 'in', [['a', 1]])).toEqual([['a', 1, 0]]);
    expect(feed(other, 'in', [['a', 2]])).toEqual([['a', 2, 0]]);
    expect(feed(one, 'in', [['a', 3]])).toEqual([['a', 4, 0]]);
  });

  it('makes an error the failure of the record, and goes on with the next', () => {
    const picky = numbers.pipe(
      rxjs(
        rx.map((message) => {
          if (message.value === 0) throw new Error('zero');
          return message;
        }),
      ),
      to('out'),
    );
    const driver = drive([picky]);
    driver.send('in', { key: 'a', value: 1 });
    const error = failure(() => driver.send('in', { key: 'a', value: 0 }));
    expect([error.code, error.details.step, error.details.offset, (error.cause as Error).message]).toEqual([
      'STEP_FAILED',
      'in.rxjs',
      1,
      'zero',
    ]);
    driver.send('in', { key: 'a', value: 2 });
    expect(taken(driver)).toEqual([
      ['a', 1, 0],
      ['a', 2, 0],
    ]);
  });

  it('lets go of what a failed record had emitted before', () => {
    const late = numbers.pipe(
      rxjs(
        rx.mergeMap((message) =>
          rx.concat(rx.of(message), message.value === 0 ? rx.throwError(() => new Error('zero')) : rx.EMPTY),
        ),
      ),
      to('out'),
    );
    const driver = drive([late]);
    failure(() => driver.send('in', { key: 'a', value: 0 }));
    driver.send('in', { key: 'a', value: 1 });
    expect(taken(driver)).toEqual([['a', 1, 0]]);
  });

  it('does not hand the errors of later steps to the operator', () => {
    const caught: unknown[] = [];
    const careful = numbers.pipe(
      rxjs((messages) =>
        messages.pipe(
          rx.map((message) => message),
          rx.catchError((error, again) => {
            caught.push(error);
            return again;
          }),
        ),
      ),
      map((n) => JSON.parse(n === 0 ? '{' : String(n)) as number),
      to('out'),
    );
    const driver = drive([careful]);
    expect(failure(() => driver.send('in', { key: 'a', value: 0 })).details.step).toBe('in.rxjs.map');
    expect(feed(driver, 'in', [['a', 1]])).toEqual([['a', 1, 0]]);
    expect(caught).toEqual([]);
  });

  it('counts what is emitted on subscription to the first record', () => {
    const first = { key: 'start', value: 0, timestamp: 0, headers: [] };
    expect(
      run(numbers.pipe(rxjs(rx.startWith(first)), to('out')), [
        ['a', 1],
        ['a', 2],
      ]),
    ).toEqual([
      ['start', 0, 0],
      ['a', 1, 0],
      ['a', 2, 0],
    ]);
  });

  it.each<[string, rx.OperatorFunction<never, never>]>([
    ['with the second record', rx.take(1)],
    ['with the first record', rx.take(0)],
    ['because nothing more can come', () => rx.EMPTY],
  ])('fails, instead of falling silent, when the operator completes: %s', (_, operator) => {
    const driver = drive([numbers.pipe(rxjs(operator as never), to('out'))]);
    const codes = [1, 2].map((value) => {
      try {
        driver.send('in', { key: 'a', value });
        return taken(driver).length;
      } catch (error) {
        return (error as MillraceError).code;
      }
    });
    expect(codes.at(-1)).toBe('STEP_FAILED');
    expect(codes[0]).toBe(_ === 'with the second record' ? 1 : 'STEP_FAILED');
  });

  it('fails a record for which something other than a message is emitted', () => {
    for (const odd of [7, null, { value: 1 }, { key: 'a', value: 1, timestamp: Number.NaN, headers: [] }]) {
      const driver = drive([numbers.pipe(rxjs(rx.map(() => odd as never)), to('out'))]);
      const error = failure(() => driver.send('in', { key: 'a', value: 1 }));
      expect([error.code, error.message.includes('{ ...message, value: ... }')]).toEqual([
        'STEP_FAILED',
        true,
      ]);
    }
  });

  it('repartitions before the next step that needs the key, which may have changed', () => {
    const rekeyed = numbers.pipe(
      rxjs(
        rx.map((message) => ({ ...message, key: message.value })),
        int64,
      ),
      count(),
      to('out'),
    );
    expect(topology([rekeyed]).repartitions).toMatchObject([{ key: int64 }]);
    expect(
      run(rekeyed, [
        ['a', 7],
        ['b', 7],
      ]),
    ).toEqual([
      [7, 1, 0],
      [7, 2, 0],
    ]);
    // @ts-expect-error keys of another type need a codec
    numbers.pipe(rxjs(rx.map((message) => ({ ...message, key: message.value }))));
    expect(
      numbers.pipe(
        keyBy((n) => n, int64),
        rxjs(rx.identity),
      ).node.key,
    ).toBe(int64);
  });

  it('refuses tables, and what are not operators or codecs', () => {
    expect(failure(() => rxjs(rx.identity as never)(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => rxjs(7 as never)).message).toContain('operator of rxjs()');
    expect(failure(() => rxjs(rx.identity as never, 7 as never)).message).toContain('codec of rxjs()');
  });
});

describe('outside the call', () => {
  /** One step in a task that remembers what it was failed with. */
  function step(operator: rx.OperatorFunction<AnyMessage, AnyMessage>) {
    const failures: MillraceError[] = [];
    const emitted: AnyMessage[] = [];
    const closes: (() => void)[] = [];
    const task = {
      step: 'in.rxjs',
      guard: (fn: unknown) => fn,
      fail: (error: MillraceError) => failures.push(error),
      onClose: (close: () => void) => closes.push(close),
    } as unknown as StepContext;
    const [receive] = numbers
      .pipe(rxjs(operator as never))
      .node.operator.run(task, (message) => emitted.push(message));
    const close = () => {
      for (const call of closes) call();
    };
    onTestFinished(close);
    return { receive: receive as Receive, failures, emitted, close };
  }
  const message = { key: 'a', value: 1, timestamp: 0, headers: [] };

  it('an emission fails the task, naming the step and mapAsync, and goes nowhere', async () => {
    const gate = Promise.withResolvers<void>();
    const { receive, failures, emitted } = step(rx.mergeMap((value) => gate.promise.then(() => value)));
    receive(message);
    expect(failures).toEqual([]);
    gate.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures.map(({ code, details }) => [code, details.step])).toEqual([
      ['ASYNC_EMISSION', 'in.rxjs'],
    ]);
    expect(failures[0]!.message).toContain('mapAsync()');
    expect(emitted).toEqual([]);
  });

  it('an error fails the task too, with its cause', async () => {
    const { receive, failures } = step(rx.mergeMap(() => Promise.reject(new Error('late'))));
    receive(message);
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures.map(({ code, details }) => [code, (details.cause as Error).message])).toEqual([
      ['ASYNC_EMISSION', 'late'],
    ]);
  });

  it('nothing happens any more once the task has ended', async () => {
    const gate = Promise.withResolvers<void>();
    const { receive, failures, close } = step(rx.mergeMap((value) => gate.promise.then(() => value)));
    receive(message);
    close();
    gate.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).toEqual([]);
  });

  it('the driver fails with it at the next record', async () => {
    const driver = drive([numbers.pipe(rxjs(rx.mergeMap(async (value) => value)), to('out'))]);
    driver.send('in', { key: 'a', value: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(failure(() => driver.send('in', { key: 'a', value: 2 })).code).toBe('ASYNC_EMISSION');
  });
});
