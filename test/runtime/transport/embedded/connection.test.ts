import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { Connection } from '../../../../src/runtime/transport/embedded/connection.ts';

describe('Connection', () => {
  it('hands an answer to a client that stands still when it goes on', async () => {
    const clock = virtualClock();
    const connection = new Connection('client', clock, undefined);
    const seen: number[] = [];
    const asked = Promise.withResolvers<string>();
    void connection.call({ api: 'joinGroup' }, () => asked.promise).then(() => seen.push(clock.now()));
    connection.pause(1_000);
    asked.resolve('answer');
    await clock.advance(500);
    expect(seen).toEqual([]);
    await clock.advance(500);
    expect(seen).toEqual([1_000]);
  });

  it('sends the calls of a client that stands still when it goes on', async () => {
    const clock = virtualClock();
    const connection = new Connection('client', clock, undefined);
    const sent: number[] = [];
    connection.pause(1_000);
    connection.pause(200);
    void connection.call({ api: 'produce' }, () => sent.push(clock.now()));
    await clock.advance(2_000);
    expect(sent).toEqual([1_000]);
  });

  it('answers no call that is under way when it ends, whatever it waits for', async () => {
    const clock = virtualClock();
    const connection = new Connection('client', clock, { on: () => ({ kind: 'delayRequest', ms: 100 }) });
    const plain = new Connection('client', clock, undefined);
    const never = new Promise<void>(() => {});
    const calls = [
      connection.call({ api: 'produce' }, () => {}),
      connection.insist({ api: 'produce' }, () => {}),
      plain.call({ api: 'joinGroup' }, () => never),
      plain.insist({ api: 'joinGroup' }, () => never),
    ].map((call) => call.catch((error: unknown) => error));
    connection.crash();
    plain.crash();
    for (const call of calls) expect(await call).toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await expect(plain.call({ api: 'produce' }, () => {})).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
    });
  });
});
