import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { BrokerLane } from '../../../../src/runtime/transport/kafka/brokerLane.ts';
import { BrokerSocket } from '../../../../src/runtime/transport/kafka/brokerSocket.ts';
import { heartbeat } from '../../../../src/runtime/transport/kafka/protocol/heartbeat.ts';
import { RequestLost } from '../../../../src/runtime/transport/kafka/requestLost.ts';
import { api, ScriptedBroker } from './scriptedBroker.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const beat = heartbeat('group', 1, 'member');
const ok = (errorCode = 0) => ({ errorCode });

interface World {
  readonly broker: ScriptedBroker;
  readonly clock: VirtualClock;
  readonly lane: BrokerLane;
  /** Thrown by attempts to connect, while it is set. */
  failing: Error | undefined;
  attempts: number;
}

/** A lane whose sockets are to be renewed after some ms, and not used any more after 1000. */
async function world(renewAfter = 700): Promise<World> {
  const broker = await ScriptedBroker.start();
  broker.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
  const clock = virtualClock();
  const open = async (): Promise<BrokerSocket> => {
    it.attempts++;
    if (it.failing !== undefined) throw it.failing;
    const socket = connect(broker.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const renewAt = clock.monotonic() + renewAfter;
    const options = { socket, address: broker.address, clientId: 'c', renewAt, expiresAt: renewAt + 300 };
    return new BrokerSocket({ ...options, versions: new Map([[api.heartbeat, { min: 0, max: 20 }]]) }, clock);
  };
  const lane = new BrokerLane(open, clock);
  const it: World = { broker, clock, lane, failing: undefined, attempts: 0 };
  closing.push(() => broker.stop());
  closing.push(() =>
    lane.end((mayHaveArrived) => new RequestLost('TRANSPORT_CLOSED', 'over', mayHaveArrived)),
  );
  return it;
}

describe('BrokerLane', () => {
  it('uses one socket until it is time to renew it, then goes over to another without a pause', async () => {
    const { broker, clock, lane } = await world();
    for (let beats = 0; beats < 3; beats++) expect(await lane.send(beat, 1e6)).toEqual(ok());
    expect(broker.connections).toBe(1);
    await clock.advance(700);
    expect(await lane.send(beat, 1e6)).toEqual(ok());
    await expect.poll(() => broker.connections).toBe(2);
    await expect.poll(() => broker.sockets.size).toBe(1);
    expect(await lane.send(beat, 1e6)).toEqual(ok());
    expect(broker.connections).toBe(2);
  });

  it('keeps the order across sockets: the next request waits for the last answer on the old one', async () => {
    const it = await world();
    const { broker, clock, lane } = it;
    await lane.send(beat, 1e6);
    await clock.advance(700);
    let number = 0;
    const order: string[] = [];
    const answers: (() => void)[] = [];
    broker.hold = (deliver) => answers.push(deliver);
    broker.scripts.set(api.heartbeat, () => {
      const turn = number++;
      return (encoder) => encoder.int32(0).int16(turn);
    });
    const said = (name: string) => (answer: { errorCode: number }) =>
      order.push(`${name} ${answer.errorCode}`);
    const first = lane.send(beat, 1e6).then(said('first'));
    await expect.poll(() => broker.connections).toBe(2);
    await expect.poll(() => lane.connected).toBe(false); // the new one is there, the old one owes an answer
    const second = lane.send(beat, 1e6).then(said('second'));
    const third = lane.send(beat, 1e6).then(said('third'));
    await broker.arrived(api.heartbeat, 2);
    expect(number).toBe(1); // of those that came after the script was set
    broker.hold = undefined;
    for (const answer of answers) answer();
    await Promise.all([first, second, third]);
    expect(order).toEqual(['first 0', 'second 1', 'third 2']);
    expect(broker.connections).toBe(2);
  });

  it('goes on with the old socket while a new one cannot be had, and says so only when it has expired', async () => {
    const it = await world();
    await it.lane.send(beat, 1e6);
    it.failing = new RequestLost('NOT_AUTHENTICATED', 'no token', false);
    await it.clock.advance(700);
    for (let beats = 0; beats < 3; beats++) expect(await it.lane.send(beat, 1e6)).toEqual(ok());
    expect(it.attempts).toBeGreaterThan(2);
    await it.clock.advance(300);
    await expect(it.lane.send(beat, 1e6)).rejects.toBe(it.failing);
    it.failing = undefined;
    expect(await it.lane.send(beat, 1e6)).toEqual(ok());
    expect(it.broker.connections).toBe(2);
  });

  it('does not use a socket that the broker may take for idle', async () => {
    const { broker, clock, lane } = await world(Number.POSITIVE_INFINITY);
    await lane.send(beat, 1e6);
    await clock.advance(539_000);
    await lane.send(beat, 1e6);
    expect(broker.connections).toBe(1);
    await clock.advance(540_000);
    expect(await lane.send(beat, 1e6)).toEqual(ok());
    expect(broker.connections).toBe(2);
  });

  it('rejects what waits for a socket when it ends, and closes the socket that comes later', async () => {
    const it = await world();
    const sent = it.lane.send(beat, 1e6).catch((reason: unknown) => reason);
    it.lane.end((mayHaveArrived) => new RequestLost('TRANSPORT_CLOSED', 'over', mayHaveArrived));
    expect(await sent).toMatchObject({ code: 'TRANSPORT_CLOSED', mayHaveArrived: false });
    await expect.poll(() => it.broker.connections).toBe(1);
    await expect.poll(() => it.broker.sockets.size).toBe(0);
  });
});
