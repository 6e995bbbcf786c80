import { afterEach, describe, expect, it } from 'vitest';
import { delay } from '../../../../src/runtime/clock.ts';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { admin } from '../../../../src/runtime/transport/kafka/admin.ts';
import { openConnection } from '../../../../src/runtime/transport/kafka/connection.ts';
import type { TopicAdmin } from '../../../../src/runtime/transport/transport.ts';
import { passing } from './passing.ts';
import { type Answer, api, cluster, ScriptedBroker } from './scriptedBroker.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  readonly brokers: readonly ScriptedBroker[];
  readonly clock: VirtualClock;
  readonly topics: TopicAdmin;
  /** Leaders of the partitions of topic t, as the brokers see them from now on. */
  lead(...leaders: number[]): void;
}

/** Two brokers, 1 and 2. Topic t does not exist until lead() says so. */
async function scene(): Promise<Scene> {
  const brokers = [await ScriptedBroker.start(), await ScriptedBroker.start()];
  for (const broker of brokers) closing.push(() => broker.stop());
  const nodes = brokers.map(({ port }, index) => ({ id: index + 1, port }));
  let leaders: readonly number[] | undefined;
  for (const broker of brokers) {
    broker.scripts.set(api.metadata, () =>
      cluster(nodes, [leaders === undefined ? { topic: 't', errorCode: 3 } : { topic: 't', leaders }]),
    );
  }
  const clock = virtualClock();
  const connection = openConnection({ brokers: [brokers[0]!.address], random: () => 0.5 }, clock);
  closing.push(() => connection.close());
  await connection.open();
  return {
    brokers,
    clock,
    topics: admin(connection, clock),
    lead: (...found) => {
      leaders = found;
    },
  };
}

function listed(answers: readonly { partition: number; offset: number; errorCode?: number }[]): Answer {
  return (encoder) =>
    encoder
      .int32(0)
      .array(['t'], (topic) =>
        encoder
          .string(topic)
          .array(answers, ({ partition, offset, errorCode = 0 }) =>
            encoder.int32(partition).int16(errorCode).int64(-1).int64(offset).int32(0),
          ),
      );
}

function created(errorCode: number): Answer {
  return (encoder) =>
    encoder.int32(0).array(['t'], (topic) => encoder.string(topic).int16(errorCode).nullableString(null));
}

const asked = (broker: ScriptedBroker, apiKey: number): number =>
  broker.received.filter((key) => key === apiKey).length;

describe('admin.endOffsets', () => {
  const partitions = [2, 0, 1].map((partition) => ({ topic: 't', partition }));

  it('asks each leader for its own, and answers in the order asked for', async () => {
    const { brokers, clock, topics, lead } = await scene();
    lead(1, 2, 1);
    brokers[0]!.scripts.set(api.listOffsets, () =>
      listed([
        { partition: 0, offset: 10 },
        { partition: 2, offset: 12 },
      ]),
    );
    brokers[1]!.scripts.set(api.listOffsets, () => listed([{ partition: 1, offset: 11 }]));
    expect(await passing(clock, topics.endOffsets(partitions, 'committed'))).toEqual([12, 10, 11]);
    expect(brokers.map((broker) => asked(broker, api.listOffsets))).toEqual([1, 1]);
  });

  it('follows a leader that has moved, without asking again for what it knows', async () => {
    const { brokers, clock, topics, lead } = await scene();
    lead(1, 1, 1);
    brokers[0]!.scripts.set(api.listOffsets, () => {
      lead(1, 2, 1);
      return listed([
        { partition: 0, offset: 10 },
        { partition: 1, offset: -1, errorCode: 6 },
        { partition: 2, offset: 12 },
      ]);
    });
    brokers[1]!.scripts.set(api.listOffsets, () => listed([{ partition: 1, offset: 11 }]));
    expect(await passing(clock, topics.endOffsets(partitions, 'committed'))).toEqual([12, 10, 11]);
    expect(brokers.map((broker) => asked(broker, api.listOffsets))).toEqual([1, 1]);
  });

  it('waits for a leader while there is none, and gives up after requestTimeoutMs', async () => {
    const { clock, topics, lead } = await scene();
    lead(-1);
    const error = await passing(
      clock,
      topics.endOffsets([{ topic: 't', partition: 0 }], 'committed').catch((reason: unknown) => reason),
      100,
    );
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', details: { topic: 't', partition: 0 } });
    expect(clock.monotonic()).toBeGreaterThan(28_000);
    expect(clock.monotonic()).toBeLessThan(31_000);
  });

  it('waits a moment for a topic that some brokers may not know yet, not longer', async () => {
    const { brokers, clock, topics, lead } = await scene();
    const waiting = topics.endOffsets([{ topic: 't', partition: 0 }], 'committed');
    await clock.advance(200);
    brokers[0]!.scripts.set(api.listOffsets, () => listed([{ partition: 0, offset: 10 }]));
    lead(1);
    expect(await passing(clock, waiting)).toEqual([10]);
    const start = clock.monotonic();
    const missing = topics
      .endOffsets([{ topic: 'u', partition: 0 }], 'committed')
      .catch((reason: unknown) => reason);
    expect(await passing(clock, missing)).toMatchObject({ code: 'UNKNOWN_TOPIC' });
    expect(clock.monotonic() - start).toBeLessThan(2500);
  });

  it('asks again when the connection to a leader is cut', async () => {
    const { brokers, clock, topics, lead } = await scene();
    lead(1);
    const answers: Answer[] = ['close', 'close', listed([{ partition: 0, offset: 10 }])];
    brokers[0]!.scripts.set(api.listOffsets, () => answers.shift()!);
    expect(await passing(clock, topics.endOffsets([{ topic: 't', partition: 0 }], 'committed'))).toEqual([
      10,
    ]);
  });

  it('says what was lost when a leader never answers', async () => {
    const { brokers, clock, topics, lead } = await scene();
    lead(1);
    brokers[0]!.scripts.set(api.listOffsets, () => 'silence');
    const offsets = topics.endOffsets([{ topic: 't', partition: 0 }], 'committed').catch(String);
    expect(await passing(clock, offsets, 100)).toContain('did not answer within 30000 ms');
  });
});

describe('admin.create', () => {
  it('repeats what got no answer or an answer that does not last, and takes its own traces for success', async () => {
    const { brokers, clock, topics, lead } = await scene();
    const answers: Answer[] = [created(41), 'close', created(7), created(36)];
    for (const broker of brokers) {
      broker.scripts.set(api.createTopics, () => {
        lead(1);
        return answers.shift()!;
      });
    }
    brokers[0]!.scripts.set(api.listOffsets, () => listed([{ partition: 0, offset: 0 }]));
    await passing(clock, topics.create([{ topic: 't', partitions: 1 }]));
    expect(answers).toEqual([]);
  });

  it('resolves when the leaders know their partitions', async () => {
    const { brokers, clock, topics, lead } = await scene();
    brokers[0]!.scripts.set(api.createTopics, () => created(0));
    const answers = [
      listed([{ partition: 0, offset: -1, errorCode: 3 }]),
      listed([{ partition: 0, offset: -1, errorCode: 6 }]),
    ];
    brokers[1]!.scripts.set(api.listOffsets, () => answers.shift() ?? listed([{ partition: 0, offset: 0 }]));
    const creating = topics.create([{ topic: 't', partitions: 1 }]);
    await passing(clock, brokers[0]!.arrived(api.createTopics));
    await clock.advance(300);
    lead(-1);
    await clock.advance(300);
    lead(2);
    await passing(clock, creating);
    expect(answers).toEqual([]);
    expect(asked(brokers[1]!, api.listOffsets)).toBe(3);
  });

  it.each([0, 1])('resolves when every broker shows the topic, also the one at place %i', async (late) => {
    const { brokers, clock, topics, lead } = await scene();
    const shown = brokers[late]!.scripts.get(api.metadata)!;
    const nodes = brokers.map(({ port }, index) => ({ id: index + 1, port }));
    for (const broker of brokers) {
      broker.scripts.set(api.createTopics, () => created(0));
      broker.scripts.set(api.listOffsets, () => listed([{ partition: 0, offset: 0 }]));
    }
    brokers[late]!.scripts.set(api.metadata, () => cluster(nodes, [{ topic: 't', errorCode: 3 }]));
    lead(late === 0 ? 2 : 1);
    let resolved = false;
    const creating = topics.create([{ topic: 't', partitions: 1 }]).then(() => {
      resolved = true;
    });
    await passing(clock, delay(clock, 1000));
    expect(resolved).toBe(false);
    brokers[late]!.scripts.set(api.metadata, shown);
    await passing(clock, creating);
  });

  it.each([
    [29, 'NOT_AUTHORIZED', 'Create on topic t'],
    [38, 'INVALID_SETTING', 'no more replicas than there are brokers'],
    [17, 'INVALID_NAME', 'letters, digits'],
    [44, 'INVALID_SETTING', 'policy'],
  ])('says what is wrong after error %i', async (errorCode, expected, next) => {
    const { brokers, topics } = await scene();
    brokers[0]!.scripts.set(api.createTopics, () => created(errorCode));
    const refused = topics.create([{ topic: 't', partitions: 1 }]);
    await expect(refused).rejects.toMatchObject({ code: expected });
    await expect(refused).rejects.toThrow(next);
  });

  it('asks nobody for no topics', async () => {
    const { brokers, topics } = await scene();
    await topics.create([]);
    await topics.delete([]);
    expect(await topics.describe([])).toEqual([]);
    expect(await topics.endOffsets([], 'committed')).toEqual([]);
    expect(brokers[0]!.received.filter((key) => key !== api.metadata)).toEqual([]);
  });
});
