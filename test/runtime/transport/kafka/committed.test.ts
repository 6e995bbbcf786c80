import { afterEach, describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { committed } from '../../../../src/runtime/transport/kafka/committed.ts';
import { type Connection, openConnection } from '../../../../src/runtime/transport/kafka/connection.ts';
import { passing } from './passing.ts';
import { type Answer, api, ScriptedBroker } from './scriptedBroker.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function scene(): Promise<{ broker: ScriptedBroker; connection: Connection; clock: VirtualClock }> {
  const broker = await ScriptedBroker.start();
  closing.push(() => broker.stop());
  const clock = virtualClock();
  const connection = openConnection({ brokers: [broker.address], random: () => 0.5 }, clock);
  closing.push(() => connection.close());
  await connection.open();
  return { broker, connection, clock };
}

/** Of partitions 0, 1, ... of topic t, and of the whole request. */
function fetched(offsets: readonly { offset: number; errorCode?: number }[], errorCode = 0): Answer {
  return (encoder) =>
    encoder
      .int32(0)
      .compactArray(['t'], (topic) =>
        encoder
          .compactString(topic)
          .compactArray([...offsets.entries()], ([partition, answer]) =>
            encoder
              .int32(partition)
              .int64(answer.offset)
              .int32(-1)
              .compactNullableString(`m${partition}`)
              .int16(answer.errorCode ?? 0)
              .noTags(),
          )
          .noTags(),
      )
      .int16(errorCode)
      .noTags();
}

const partitions = [
  { topic: 't', partition: 1 },
  { topic: 't', partition: 0 },
];

describe('committed', () => {
  it('answers in the order asked for, undefined where nothing is committed', async () => {
    const { broker, connection, clock } = await scene();
    broker.scripts.set(api.offsetFetch, () => fetched([{ offset: -1 }, { offset: 5 }]));
    expect(await committed(connection, clock, 'g', partitions)).toEqual([
      { offset: 5, metadata: 'm1' },
      undefined,
    ]);
  });

  it('asks nobody for no partitions: no topics would mean all', async () => {
    const { broker, connection, clock } = await scene();
    expect(await committed(connection, clock, 'g', [])).toEqual([]);
    expect(broker.received).not.toContain(api.offsetFetch);
  });

  it('waits while a transaction is undecided, longer than a request may take', async () => {
    const { broker, connection, clock } = await scene();
    broker.scripts.set(api.offsetFetch, () =>
      clock.monotonic() < 60_000
        ? fetched([{ offset: -1, errorCode: 88 }, { offset: 9 }])
        : fetched([{ offset: 8 }, { offset: 9 }]),
    );
    const asked = committed(connection, clock, 'g', partitions);
    expect((await passing(clock, asked, 100)).map((found) => found?.offset)).toEqual([9, 8]);
  });

  it('says what hangs when a transaction is undecided for longer than any may run', async () => {
    const { broker, connection, clock } = await scene();
    broker.scripts.set(api.offsetFetch, () => fetched([{ offset: -1, errorCode: 88 }]));
    const error = await passing(clock, committed(connection, clock, 'g', partitions).catch(String), 500);
    expect(error).toContain('a transaction over the positions of group g does not end (topic t partition 0)');
    expect(clock.monotonic()).toBeGreaterThan(890_000);
  });

  it('follows the coordinator', async () => {
    const { broker, connection, clock } = await scene();
    const answers = [
      fetched([], 16),
      fetched([], 14),
      fetched([{ offset: 1, errorCode: 14 }, { offset: 2 }]),
    ];
    broker.scripts.set(api.offsetFetch, () => answers.shift() ?? fetched([{ offset: 3 }, { offset: 4 }]));
    const found = await passing(clock, committed(connection, clock, 'g', partitions));
    expect(found.map((one) => one?.offset)).toEqual([4, 3]);
    expect(broker.received.filter((key) => key === api.findCoordinator)).toHaveLength(4);
  });

  it.each([
    [fetched([], 30), 'Describe on group g'],
    [fetched([{ offset: -1, errorCode: 29 }]), 'Describe on topic t'],
  ])('names what it may not do', async (answer, next) => {
    const { broker, connection, clock } = await scene();
    broker.scripts.set(api.offsetFetch, () => answer);
    const refused = committed(connection, clock, 'g', partitions);
    await expect(refused).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    await expect(refused).rejects.toThrow(next);
  });
});
