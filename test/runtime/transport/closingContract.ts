import { expect } from 'vitest';
import type { Transport } from '../../../src/runtime/transport/transport.ts';
import { append, numbered, open, readAll, values, write } from './contractKit.ts';
import { partitionsOf, shared, watch, watching } from './groupKit.ts';
import type { Check } from './transportContract.ts';

export function closingContract(check: Check): void {
  for (const how of ['close', 'crash'] as const) {
    check(`refuses everything after ${how}()`, async (kit) => {
      const transport = await kit.transport();
      const topic = await kit.topic(transport);
      const [partition] = partitionsOf(topic, 0);
      const producer = await transport.producer({});
      const transactional = await transport.producer({ transactionalId: kit.name('id') });
      const reader = open(transport);
      reader.assign([{ ...partition!, offset: 0 }]);
      await transport[how]();
      await transport[how]();
      const calls: readonly (() => unknown)[] = [
        () => transport.admin.describe([topic]),
        () => transport.admin.endOffsets([partition!], 'committed'),
        () => transport.committed('group', [partition!]),
        () => transport.producer({}),
        () => transport.producer({ transactionalId: 'id' }),
        () => reader.poll(0),
        () => producer.flush(),
        () => transactional.commit(undefined),
        () => append(producer, topic, ...numbered(1)),
        () => open(transport).poll(0),
      ];
      for (const call of calls) {
        const outcome = await (async () => call())().catch((error: unknown) => error);
        expect([`${call}`, outcome]).toMatchObject([`${call}`, { code: 'TRANSPORT_CLOSED' }]);
      }
      await reader.close();
      await producer.close();
      await transactional.abort();
    });
  }

  check('ends what is under way when it crashes', async (kit) => {
    const scene = await watching(kit, 1);
    const first = await watch(scene, 'first', { revoked: () => new Promise(() => {}) });
    await first.member.join();
    const second = await watch(scene, 'second');
    const reader = open(second.transport);
    reader.assign([{ topic: scene.topic, partition: 0, offset: 0 }]);
    const polling = async (): Promise<void> => {
      for (;;) await reader.poll(60_000);
    };
    const calls = [polling(), second.member.join()];
    const outcomes = calls.map((call) => call.catch((error: unknown) => error));
    await kit.eventually(() => scene.log.includes('first revoking'));
    second.transport.crash();
    first.transport.crash();
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: 'TRANSPORT_CLOSED' });
    expect([second.held, second.failed, first.failed, first.lost]).toEqual([undefined, [], [], []]);
  });

  check(
    'writes what was appended, aborts what was not committed and leaves its groups when it is closed',
    async (kit) => {
      const scene = await watching(kit, 2);
      const [a, b] = [await watch(scene, 'a'), await watch(scene, 'b')];
      await Promise.all([a.member.join(), b.member.join()]);
      await shared(kit, [a, b], 2);
      const plain = await a.transport.producer({});
      const transactional = await a.transport.producer({ transactionalId: kit.name('id') });
      append(plain, scene.topic, { partition: 0, value: 'kept' });
      append(transactional, scene.topic, { partition: 1, value: 'aborted' });
      await transactional.flush();
      await a.transport.close();
      await shared(kit, [b], 2);
      await write(b.transport, scene.topic, { partition: 1, value: 'next' });
      const seen = partitionsOf(scene.topic, 0, 1).map((of) => readAll(kit, b.transport, of));
      expect((await Promise.all(seen)).map(values)).toEqual([['kept'], ['next']]);
    },
  );

  check('leaves other transports alone', async (kit) => {
    const transports: Transport[] = [];
    for (let index = 0; index < 3; index++) transports.push(await kit.transport('same client id'));
    const [first, second, third] = transports;
    const topic = await kit.topic(first!);
    await first!.close();
    second!.crash();
    await write(third!, topic, ...numbered(1));
    expect(values(await readAll(kit, third!, { topic, partition: 0 }))).toEqual(['0']);
  });
}
