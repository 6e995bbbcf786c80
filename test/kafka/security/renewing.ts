import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../src/dsl/message.ts';
import { delay, systemClock } from '../../../src/runtime/clock.ts';
import type { KafkaSasl } from '../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { memberOptions, values } from './roundTrip.ts';
import { alice, type SecuredKafka, sessionMs, unsecuredToken } from './securedKafka.ts';

const ways: readonly (readonly [string, () => { sasl: KafkaSasl; asked: () => number; failsAt?: number }])[] =
  [
    ['SCRAM-SHA-256', () => ({ sasl: alice.sha256, asked: () => 0 })],
    [
      'OAUTHBEARER, where now and then there is no token',
      () => {
        let asked = 0;
        const token = async (): Promise<string> => {
          if (++asked > 8 && asked % 4 === 0) throw new Error('the identity provider is down');
          return unsecuredToken('alice', 60);
        };
        return { sasl: { mechanism: 'oauthbearer', token }, asked: () => asked };
      },
    ],
  ];

/** KIP-368: a broker that wants to know again, every few seconds, who is there. */
export function renewing(secured: () => SecuredKafka): void {
  describe.concurrent('wants to know again who is there', () => {
    it.each(ways)('and nobody notices: %s', async (_, way) => {
      const { sasl, asked } = way();
      const name = `open-renewed-${sasl.mechanism}`;
      const transport = secured().transport('RENEWED', { sasl });
      await transport.connect();
      await transport.admin.create([{ topic: name, partitions: 1, config: { 'retention.ms': '-1' } }]);
      const fates: string[] = [];
      const member = transport.member({
        ...memberOptions(name),
        lost: (reason) => fates.push(String(reason)),
        failed: (reason) => fates.push(String(reason)),
      });
      await member.join();
      const { generation } = member;
      const producer = await transport.producer({});
      const transaction = await transport.producer({ transactionalId: name });
      const reading = reader(transport, name);
      const until = systemClock.monotonic() + 4 * sessionMs;
      let written = 0;
      while (systemClock.monotonic() < until) {
        for (let record = 0; record < 20; record++)
          producer.append(name, 0, null, `${written++}`, 1, noHeaders);
        // Not awaited one by one: batches are on their way while the socket changes.
        if (written % 200 === 0) await producer.flush();
        transaction.append(name, 0, null, 't', 1, noHeaders);
        await transaction.commit({
          group: name,
          generation,
          memberId: member.memberId,
          offsets: [{ topic: name, partition: 0, offset: written, metadata: '' }],
        });
        await delay(systemClock, 5);
      }
      await producer.flush();
      expect(await reading.until(written)).toEqual(Array.from({ length: written }, (_, index) => `${index}`));
      expect(fates).toEqual([]);
      expect(member.generation).toBe(generation);
      if (sasl.mechanism === 'oauthbearer') expect(asked()).toBeGreaterThan(10);
      await transport.close();
    });

    it('and a rebalance that is waited for longer than a session ends as it should', async () => {
      const transport = secured().transport('RENEWED', { sasl: alice.sha256 });
      await transport.connect();
      const name = 'open-renewed-join';
      await transport.admin.create([{ topic: name, partitions: 1, config: { 'retention.ms': '-1' } }]);
      // Holds the second one's JoinGroup back for longer than a session.
      const slow = {
        ...memberOptions(name),
        rebalanceTimeoutMs: 20_000,
        revoked: () => delay(systemClock, 1.5 * sessionMs),
      };
      const first = transport.member(slow);
      await first.join();
      const second = transport.member({ ...memberOptions(name), rebalanceTimeoutMs: 20_000 });
      await second.join();
      expect(second.generation).toBeGreaterThan(1);
      await transport.close();
    });

    it('and closes sockets that nobody uses, which nobody notices', async () => {
      const transport = secured().transport('SASL', { sasl: alice.sha512 });
      await transport.connect();
      const name = 'open-idle';
      await transport.admin.create([{ topic: name, partitions: 1, config: { 'retention.ms': '-1' } }]);
      const producer = await transport.producer({ transactionalId: name });
      producer.append(name, 0, null, 'before', 1, noHeaders);
      await producer.commit(undefined);
      await delay(systemClock, 7_000); // the broker's limit is 4 s; it looks now and then
      producer.append(name, 0, null, 'after', 1, noHeaders);
      await producer.commit(undefined);
      expect(await values(transport, name, 2)).toEqual(['before', 'after']);
      await transport.close();
    });
  });
}

/** Reads all the time, in the background. */
function reader(
  transport: ReturnType<SecuredKafka['transport']>,
  topic: string,
): { until(count: number): Promise<string[]> } {
  const found: string[] = [];
  const source = transport.reader({ isolation: 'committed', maxBytes: 1 << 20 });
  source.assign([{ topic, partition: 0, offset: 0 }]);
  let wanted = Number.POSITIVE_INFINITY;
  const reading = (async () => {
    while (found.length < wanted) {
      for (const batch of await source.poll(500)) {
        while (batch.next()) if (batch.valueText() !== 't') found.push(batch.valueText()!);
      }
    }
    await source.close();
    return found;
  })();
  reading.catch(() => {}); // told by whoever waits for the end
  return {
    until(count) {
      wanted = count;
      return reading;
    },
  };
}
