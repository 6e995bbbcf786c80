import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../scripts/kafka/freePorts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Encoder } from '../../src/runtime/transport/kafka/protocol/encoder.ts';
import { ResponseFrames } from '../../src/runtime/transport/kafka/responseFrames.ts';
import { eventually } from '../kit/eventually.ts';
import { api, ScriptedBroker } from '../runtime/transport/kafka/scriptedBroker.ts';
import { type FaultProxy, faultProxy } from './faultProxy.ts';

interface Scene {
  readonly broker: ScriptedBroker;
  readonly proxy: FaultProxy;
  client(): Promise<Client>;
}

/** Sends heartbeats through the proxy; the broker answers each with the number in it. */
interface Client {
  send(number: number): void;
  readonly answers: number[];
  readonly closed: boolean;
}

async function scene(): Promise<Scene> {
  const broker = await ScriptedBroker.start();
  broker.scripts.set(api.heartbeat, (body) => {
    const number = body.int32();
    return (encoder) => encoder.int32(number);
  });
  const [port] = await freePorts(1);
  const from = `127.0.0.1:${port}`;
  const proxy = await faultProxy([{ from, to: broker.address }]);
  onTestFinished(async () => {
    await proxy.close();
    await broker.stop();
  });
  return { broker, proxy, client: () => connected(port!) };
}

async function connected(port: number): Promise<Client> {
  const socket = await new Promise<Socket>((resolve) => {
    const opened = connect(port, '127.0.0.1', () => resolve(opened));
  });
  const client = {
    answers: [] as number[],
    closed: false,
    send(number: number): void {
      const body = new Encoder().int16(api.heartbeat).int16(0).int32(number).int16(-1).int32(number);
      socket.write(new Encoder().bytes(body.toBuffer()).toBuffer());
    },
  };
  const frames = new ResponseFrames((frame) => client.answers.push(frame.readInt32BE(4)));
  socket.on('data', (chunk) => frames.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => {
    client.closed = true;
  });
  return client;
}

describe('faultProxy', () => {
  it('hands requests and answers on, in order, also when a decision takes a while', async () => {
    const { proxy, client } = await scene();
    const held = Promise.withResolvers<'pass'>();
    proxy.fault = ({ before }) => (before === 1 ? held.promise : 'pass');
    const one = await client();
    for (const number of [1, 2, 3]) one.send(number);
    await eventually(systemClock, () => one.answers.length === 1);
    const other = await client();
    other.send(4);
    await eventually(systemClock, () => other.answers.length === 1);
    expect(one.answers).toEqual([1]);
    held.resolve('pass');
    await eventually(systemClock, () => one.answers.length === 3);
    expect([one.answers, other.answers]).toEqual([[1, 2, 3], [4]]);
  });

  it('swallows a request, or cuts the connection before it has arrived', async () => {
    const { broker, proxy, client } = await scene();
    proxy.fault = ({ before }) => (['swallow', 'pass', 'cut'] as const)[before]!;
    const one = await client();
    for (const number of [1, 2]) one.send(number);
    await eventually(systemClock, () => one.answers.length === 1);
    expect([one.answers, one.closed]).toEqual([[2], false]);
    one.send(3);
    await eventually(systemClock, () => one.closed);
    expect(broker.received).toEqual([api.heartbeat]);
  });

  it('tells when a request is sent, and loses or holds its answer', async () => {
    const { broker, proxy, client } = await scene();
    const told: string[] = [];
    const held = Promise.withResolvers<'pass'>();
    proxy.fault = ({ apiKey, before }) => ({
      sent: () => void told.push(`sent ${apiKey}`),
      answered: (answer) => {
        told.push(`answered ${answer.readInt32BE(4)}`);
        return before === 0 ? held.promise : 'lose';
      },
    });
    const one = await client();
    one.send(1);
    await eventually(systemClock, () => told.length === 2);
    expect([told, one.answers]).toEqual([['sent 12', 'answered 1'], []]);
    held.resolve('pass');
    await eventually(systemClock, () => one.answers.length === 1);
    one.send(2);
    await eventually(systemClock, () => one.closed);
    expect([one.answers, broker.received.length]).toEqual([[1], 2]);
  });

  it('freezes a network, lets it flow again, and refuses connections', async () => {
    const { broker, proxy, client } = await scene();
    const one = await client();
    one.send(1);
    await eventually(systemClock, () => one.answers.length === 1);
    proxy.network(0, 'freeze');
    one.send(2);
    const other = await client();
    other.send(3);
    proxy.network(0, 'flow');
    await eventually(systemClock, () => one.answers.length === 2 && other.answers.length === 1);
    proxy.network(0, 'refuse');
    await eventually(systemClock, () => one.closed && other.closed);
    const refused = await client();
    await eventually(systemClock, () => refused.closed);
    expect(broker.received.length).toBe(3);
  });
});
