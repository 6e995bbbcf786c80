import { describe, expect, it, onTestFinished } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { startKafka } from '../../scripts/kafka/startKafka.ts';
import { app, type MillraceError, openClient } from '../../src/index.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { encodeInfo } from '../../src/runtime/placement/groupProtocol.ts';
import { behindOf } from '../../src/runtime/testing/behindOf.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Member, Transport } from '../../src/runtime/transport/transport.ts';
import { eventually } from '../kit/eventually.ts';
import { brokenGuarantee, guardedJob, numbersByKey, orderCodecs, ordersFrom } from '../kit/guardedJob.ts';
import { tempFolder } from '../kit/tempFolder.ts';
import { javaMissing } from './brokers.ts';
import { faultProxy } from './faultProxy.ts';

const id = 'guarded';
/** ms; what the group would wait for, and what would free the task otherwise, is far beyond. */
const revokeTimeout = 3_000;
const settings = {
  revokeTimeout,
  heartbeatInterval: 300,
  rebalanceTimeout: 90_000,
  transactionTimeout: 80_000,
} as const;
const stuck = Buffer.from(`${id}-orders_1`);

/** Joins the group of the application without being a worker: for as long as it is in, what it is given is not processed. */
function bystander(transport: Transport, topic: string): Member {
  return transport.member({
    group: id,
    topics: [topic],
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: settings.rebalanceTimeout,
    heartbeatIntervalMs: settings.heartbeatInterval,
    metadata: () => encodeInfo({ running: [], positions: new Map(), standbys: [], rack: '', place: '' }),
    assign: () => Promise.reject(new Error('the worker was there first, and leads')),
    assigned: async () => {},
    revoked: async () => {},
    lost() {},
    failed(reason) {
      throw reason;
    },
  });
}

describe.skipIf(javaMissing)('revokeTimeout, on Kafka', () => {
  it.each([
    ['TxnOffsetCommit', 28],
    ['EndTxn', 26],
  ])(
    'bounds what the group waits for a task whose %s does not arrive; nothing is lost or doubled',
    { timeout: 300_000 },
    async (_, apiKey) => {
      const cluster = await startKafka({ nodes: 1, listeners: { FAULTY: 'PLAINTEXT' }, proxied: ['FAULTY'] });
      onTestFinished(() => cluster.stop());
      const [from, to] = [cluster.advertised('FAULTY'), cluster.listener('FAULTY')];
      const proxy = await faultProxy([{ from: from[0]!, to: to[0]! }]);
      onTestFinished(() => proxy.close());
      const { sinks, topics, orders, numbers, items, crossing } = guardedJob();
      const client = await openClient({ brokers: cluster.brokers });
      await client.createTopics(topics);
      const transport = kafkaTransport({ brokers: cluster.brokers }, systemClock);
      await transport.connect();
      onTestFinished(() => transport.close());
      const worker = app(id, { ...settings, sinks, brokers: from, stateDir: tempFolder() });
      onTestFinished(() => worker.crash());
      const warnings: MillraceError[] = [];
      worker.warnings.subscribe((warning) => warnings.push(warning));
      await worker.start();
      // Held on its way, with all that is behind it on the same connection, until that is cut.
      const held = Promise.withResolvers<'cut'>();
      let isHeld = false;
      proxy.fault = ({ apiKey: asked, bytes }) => {
        if (asked !== apiKey || !bytes.includes(stuck)) return 'pass';
        isHeld = true;
        return held.promise;
      };
      await client.send(orders, orderCodecs, ordersFrom(0, 300));
      await eventually(systemClock, () => isHeld);
      const other = bystander(transport, orders);
      const begun = systemClock.monotonic();
      await other.join();
      const waited = systemClock.monotonic() - begun;
      expect(waited).toBeGreaterThan(revokeTimeout - 500);
      expect(waited).toBeLessThan(revokeTimeout + 10_000);
      expect(warnings.map(({ code }) => code)).toEqual(['REVOKE_TIMEOUT']);
      expect(warnings[0]!.message).toContain('orders_1');
      proxy.fault = () => 'pass';
      held.resolve('cut');
      await other.leave();
      await client.send(orders, orderCodecs, ordersFrom(300, 600));
      const drained = async () => (await behindOf(transport, id, crossing(id))).length === 0;
      await eventually(systemClock, drained, 150_000);
      await worker.stop();
      await client.close();
      const outputs = await Promise.all(
        [numbers, items].map((topic) => readCommitted(cluster.brokers, topic)),
      );
      const found = outputs.flat().map(({ key, value }) => ({ key, value: Number(value) }));
      expect(brokenGuarantee('exactly-once', 600, numbersByKey(found))).toEqual([]);
    },
  );
});
