import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { AclEntry } from 'kafkajs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCommitted } from '../../../scripts/kafka/readCommitted.ts';
import { type App, app, type MillraceError } from '../../../src/index.ts';
import { openClient } from '../../../src/runtime/client.ts';
import { delay, systemClock } from '../../../src/runtime/clock.ts';
import { behindOf } from '../../../src/runtime/testing/behindOf.ts';
import { kafkaTransport } from '../../../src/runtime/transport/kafka/kafkaTransport.ts';
import { eventually } from '../../kit/eventually.ts';
import { brokenGuarantee, guardedJob, numbersByKey, orderCodecs, ordersFrom } from '../../kit/guardedJob.ts';
import type { Guarantee } from '../../runtime/appKit.ts';
import { type AclKind, acl } from './acl.ts';
import { tell } from './secrets.ts';
import { alice, type SecuredKafka } from './securedKafka.ts';

interface Grant {
  readonly operation: string;
  readonly kind: AclKind;
  /** With a star at its end: a prefix. */
  readonly name: string;
}

/** As docs/security.md has them, for an application named shop. */
function documentedGrants(): Grant[] {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/security.md'), 'utf8');
  const lines = text.matchAll(
    /^grant --operation (\w+) --([\w-]+) (\S+)( --resource-pattern-type prefixed)?$/gm,
  );
  return [...lines].map(([, operation, kind, name, prefixed]) => ({
    operation: operation!,
    kind: kind as AclKind,
    name: prefixed === undefined ? name! : `${name}*`,
  }));
}

/** The rights that only the first start needs. */
const onlyOnce = ({ operation }: Grant): boolean => operation === 'Create';

export function leastPrivilege(secured: () => SecuredKafka): void {
  describe.each<Guarantee>(['exactly-once', 'at-least-once'])('a worker that is %s', (guarantee) => {
    it('needs what the document grants, and each of it: what is missing is named, and nothing is lost', async () => {
      const world = await shop(secured(), guarantee);
      const grants = documentedGrants().filter(
        ({ kind }) => guarantee === 'exactly-once' || kind !== 'transactional-id',
      );
      expect(grants.length).toBeGreaterThan(11);
      // Create is asked for where a topic is missing: before anything else.
      for (const grant of grants.filter((each) => !onlyOnce(each))) await world.allow(grant);
      for (const grant of grants.filter(onlyOnce)) {
        await world.refused(grant);
        await world.allow(grant);
      }
      await world.works();
      for (const grant of grants.filter((each) => !onlyOnce(each))) {
        await world.forbid(grant);
        await world.refused(grant);
        await world.allow(grant);
      }
      await world.works();
      await world.keptItsPromise();
    }, 300_000);
  });
}

interface Shop {
  allow(grant: Grant): Promise<void>;
  forbid(grant: Grant): Promise<void>;
  /** Starts, is fed, and ends by itself, naming what is missing. */
  refused(grant: Grant): Promise<void>;
  /** Is fed and processes everything there is. */
  works(): Promise<void>;
  keptItsPromise(): Promise<void>;
}

async function shop(secured: SecuredKafka, guarantee: Guarantee): Promise<Shop> {
  const prefix = `${guarantee}-`;
  const id = `${prefix}shop`;
  const job = guardedJob(prefix);
  const { brokers } = secured.cluster;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-acl-'));
  const client = await openClient({ brokers });
  const witness = kafkaTransport({ brokers }, systemClock);
  await witness.connect();
  onTestFinished(async () => {
    await client.close();
    await witness.close();
    rmSync(folder, { recursive: true });
  });
  await client.createTopics(job.topics);
  let fed = 0;
  const feed = async (): Promise<void> => {
    fed += 100;
    await client.send(job.orders, orderCodecs, ordersFrom(fed - 100, fed));
  };
  const entry = ({ operation, kind, name }: Grant): AclEntry =>
    acl('User:alice', operation, kind, `${prefix}${name}`);
  const worker = (): App =>
    app(id, {
      sinks: job.sinks,
      guarantee,
      brokers: secured.cluster.listener('SASL'),
      sasl: alice.plain,
      stateDir: folder,
      commitInterval: 50,
      sessionTimeout: 2000,
      heartbeatInterval: 500,
    });
  const ended = async (one: App): Promise<MillraceError> => {
    const error = await one.start().then(
      () =>
        one.closed.then(
          () => expect.fail('it has stopped'),
          (reason: unknown) => reason,
        ),
      (reason: unknown) => reason,
    );
    return error as MillraceError;
  };
  return {
    async allow(grant) {
      await secured.admin.createAcls({ acl: [entry(grant)] });
    },
    async forbid(grant) {
      const { permissionType, resourcePatternType, ...filter } = entry(grant);
      await secured.admin.deleteAcls({ filters: [{ ...filter, permissionType, resourcePatternType }] });
    },
    async refused({ operation, kind, name }) {
      await feed();
      const start = systemClock.monotonic();
      const one = worker();
      const error = await Promise.race([ended(one), delay(systemClock, 30_000).then(() => undefined)]);
      if (error === undefined) await one.stop();
      tell(error);
      tell(one);
      tell(one.describe());
      const what = `without ${operation} on ${kind} ${name}`;
      expect(error, what).toMatchObject({ code: 'NOT_AUTHORIZED' });
      const resource = `${kind.replace('-', ' ')} ${prefix}${name.replace('*', '')}`;
      // Who may not read may not even look; that is what is asked first.
      const said = new RegExp(`Allow User:alice (${operation}|Describe) on ${resource}`);
      expect(error!.message, what).toMatch(said);
      expect(systemClock.monotonic() - start, what).toBeLessThan(30_000);
      expect(one.state).toBe('failed');
    },
    async works() {
      await feed();
      const one = worker();
      await one.start();
      await eventually(
        systemClock,
        async () => (await behindOf(witness, id, job.crossing(id))).length === 0,
        30_000,
      );
      await one.stop();
      tell(inspect(one, { depth: Number.POSITIVE_INFINITY, showHidden: true }));
    },
    async keptItsPromise() {
      const read = async (topic: string) => readCommitted(brokers, topic);
      const records = [...(await read(job.numbers)), ...(await read(job.items))];
      const found = records.map(({ key, value }) => ({ key, value: value === null ? null : Number(value) }));
      expect(brokenGuarantee(guarantee, fed, numbersByKey(found))).toEqual([]);
    },
  };
}
