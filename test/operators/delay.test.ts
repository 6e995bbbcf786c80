import { describe, expect, it } from 'vitest';
import { bytes, delay, json, keyBy, map, nullable, type Sink, stream, text, to } from '../../src/index.ts';
import { drive } from '../../src/runtime/testing/index.ts';
import { failure } from '../dsl/failure.ts';
import { world } from '../runtime/appKit.ts';

const letters = stream('letters', { key: nullable(text), value: nullable(text) });
const delivered = [letters.pipe(delay('1s', 'post'), to('delivered'))];
const start = (sinks: readonly Sink[] = delivered) => drive(sinks);
const values = (messages: readonly { readonly value: unknown }[]) => messages.map(({ value }) => value);

describe('delay', () => {
  it('emits a record when its time has passed, not a millisecond before', () => {
    const driver = start();
    driver.send('letters', { key: 'a', value: 'hello' });
    driver.advance(999);
    expect(driver.read('delivered')).toEqual([]);
    driver.advance(1);
    expect(values(driver.read('delivered'))).toEqual(['hello']);
  });

  it('leaves key, value, timestamp and headers as they were', () => {
    const driver = start();
    const headers = [
      ['trace', Buffer.from([0, 255])],
      ['empty', null],
      ['trace', Buffer.alloc(0)],
    ] as const;
    driver.send('letters', { key: 'a', value: 'hello', timestamp: 42, headers });
    driver.commit();
    driver.restart();
    driver.advance(1_000);
    expect(driver.read('delivered')).toEqual([{ key: 'a', value: 'hello', timestamp: 42, headers }]);
  });

  it('emits by due time, and what is due at once in the order of arrival', () => {
    const driver = start();
    for (const value of ['a', 'b', 'c']) driver.send('letters', { key: value, value, timestamp: 9 });
    driver.advance(1);
    for (const value of ['d', 'e']) driver.send('letters', { key: 'a', value, timestamp: 3 });
    driver.advance(10_000);
    expect(values(driver.read('delivered'))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('keeps the order of more than ten records of one millisecond', () => {
    const driver = start();
    const sent = Array.from({ length: 120 }, (_, n) => String(n));
    for (const value of sent) driver.send('letters', { key: 'a', value });
    driver.commit();
    driver.restart();
    driver.advance(1_000);
    expect(values(driver.read('delivered'))).toEqual(sent);
  });

  it('neither loses nor prolongs what it holds back over a restart', () => {
    const driver = start();
    driver.send('letters', { key: 'a', value: 'first' });
    driver.advance(600);
    driver.commit();
    driver.restart();
    driver.send('letters', { key: 'a', value: 'second' });
    driver.advance(399);
    expect(driver.read('delivered')).toEqual([]);
    driver.advance(1);
    expect(values(driver.read('delivered'))).toEqual(['first']);
    driver.advance(600);
    expect(values(driver.read('delivered'))).toEqual(['second']);
  });

  it('emits nothing twice after a restart', () => {
    const driver = start();
    driver.send('letters', { key: 'a', value: 'first' });
    driver.advance(1_000);
    driver.commit();
    driver.restart();
    driver.advance(10_000);
    expect(values(driver.read('delivered'))).toEqual(['first']);
    expect(driver.store('post')).toEqual([]);
  });

  it('does not confuse records of the same due time taken in before and after a restart', () => {
    const driver = start();
    for (const value of ['a', 'b']) driver.send('letters', { key: 'k', value });
    driver.commit();
    driver.restart();
    for (const value of ['c', 'd', 'e']) driver.send('letters', { key: 'k', value });
    driver.advance(1_000);
    expect(values(driver.read('delivered'))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('emits those due first although the clock was set back in between', () => {
    const driver = start();
    driver.advance(5_000);
    driver.send('letters', { key: 'k', value: 'later' });
    driver.advance(-3_000);
    driver.send('letters', { key: 'k', value: 'sooner' });
    driver.advance(1_000);
    driver.advance(1_000);
    expect(values(driver.read('delivered'))).toEqual(['sooner']);
    driver.advance(10_000);
    expect(values(driver.read('delivered'))).toEqual(['later']);
  });

  it('drops records without a key, with the reason', () => {
    const driver = start();
    driver.send('letters', { value: 'anonymous' });
    driver.advance(2_000);
    expect(driver.read('delivered')).toEqual([]);
    expect(driver.drops).toMatchObject([{ reason: 'null-key', step: 'post', topic: 'letters', offset: 0 }]);
  });

  it('holds back records without a value as they are', () => {
    const driver = start();
    driver.send('letters', { key: 'a', value: null });
    driver.commit();
    driver.restart();
    driver.advance(1_000);
    expect(values(driver.read('delivered'))).toEqual([null]);
  });

  it('gets its records through a repartition topic where the key has changed', () => {
    const byValue = letters.pipe(
      keyBy((value) => value),
      delay(10),
      to('delivered'),
    );
    const driver = start([byValue]);
    driver.send('letters', { key: 'a', value: 'x' });
    driver.advance(10);
    expect(driver.read('delivered')).toMatchObject([{ key: 'x', value: 'x' }]);
    expect(driver.topics()).toEqual(['test-letters.keyBy-repartition']);
  });

  it('emits at the next opportunity when the time is zero', () => {
    const driver = start([letters.pipe(delay(0), to('delivered'))]);
    driver.send('letters', { key: 'a', value: 'x' });
    expect(driver.read('delivered')).toEqual([]);
    driver.advance(1);
    expect(values(driver.read('delivered'))).toEqual(['x']);
  });

  it('lets more than ten thousand records go in steps', () => {
    const driver = start();
    for (let n = 0; n < 10_001; n++) driver.send('letters', { key: 'a', value: 'x' });
    driver.advance(1_000);
    expect(driver.read('delivered')).toHaveLength(10_000);
    driver.advance(1);
    expect(driver.read('delivered')).toHaveLength(1);
  });

  it('writes what JSON cannot carry with the codec it is given', () => {
    const packed = letters.pipe(
      map((value): Buffer => Buffer.from(value ?? '')),
      delay('1s', { name: 'post', value: bytes }),
      to('delivered'),
    );
    const driver = start([packed]);
    driver.send('letters', { key: 'a', value: 'x' });
    driver.commit();
    driver.restart();
    driver.advance(1_000);
    expect(driver.read('delivered')).toMatchObject([{ key: 'a', value: Buffer.from('x') }]);
  });

  it('refuses what is no time', () => {
    expect(failure(() => delay('1 second' as '1s'))).toMatchObject({ code: 'INVALID_DURATION' });
    expect(failure(() => delay(-1))).toMatchObject({ code: 'INVALID_DURATION' });
  });

  it('refuses to stand behind a table', () => {
    expect(failure(() => delay('1s')({} as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('delay in an application', () => {
  const numbers = { key: text, value: json<number>() };
  const held = [stream('numbers', numbers).pipe(delay('5s', 'held'), to('released'))];
  const topics = ['numbers', 'released'].map((topic) => ({ topic, partitions: 4 }));
  const records = Array.from({ length: 200 }, (_, value) => ({ key: `key-${value % 20}`, value }));

  it('emits each record once, in order, although an instance crashes while it holds them', async () => {
    const run = await world(topics);
    const options = { sinks: held, sessionTimeout: '2s', heartbeatInterval: '500ms' } as const;
    const [one, two] = [run.instance('post', options), run.instance('post', options)];
    await run.start(one, two);
    await run.clock.run(run.client.send('numbers', numbers, records));
    await run.drained('post', ['numbers']);
    await run.clock.run(one.crash());
    await run.clock.advance(1_500);
    expect(await run.read('released', numbers)).toEqual([]);
    await run.clock.advance(10_000);
    const released = await run.read('released', numbers);
    expect(released).toHaveLength(records.length);
    for (let n = 0; n < 20; n++) {
      const ofKey = released.filter(({ key }) => key === `key-${n}`).map(({ value }) => value);
      expect(ofKey).toEqual(records.filter(({ key }) => key === `key-${n}`).map(({ value }) => value));
    }
    await run.clock.run(two.stop());
  });
});
