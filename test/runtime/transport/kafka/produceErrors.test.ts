import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../src/dsl/message.ts';
import type { ErrorCode, MillraceError } from '../../../../src/errors.ts';
import { virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { createProducer } from '../../../../src/runtime/transport/kafka/producer.ts';
import { errorName } from '../../../../src/runtime/transport/kafka/protocol/errors.ts';
import { kafkaErrors } from '../../../../src/runtime/transport/kafka/protocol/kafkaErrors.ts';
import type { ProducerOptions } from '../../../../src/runtime/transport/transport.ts';
import { api, type Fault, ModelCluster } from './modelCluster.ts';
import type { ModelLog } from './modelLog.ts';

interface Outcome {
  readonly error: MillraceError | undefined;
  readonly log: ModelLog;
  /** Produce requests there have been. */
  readonly requests: number;
  readonly tookMs: number;
}

/** Writes one record, then one whose first request gets this fault, in a transaction if told so. */
async function writeWith(fault: Fault, options: ProducerOptions = {}): Promise<Outcome> {
  const clock = virtualClock();
  const cluster = new ModelCluster(clock);
  const [log] = cluster.topic('orders', 1);
  const producer = await clock.run(createProducer(cluster, options, clock));
  const write = async (value: string): Promise<void> => {
    producer.append('orders', 0, 'key', value, 1000, noHeaders);
    await producer.flush();
  };
  await clock.run(write('first'));
  const start = clock.monotonic();
  cluster.fault = ({ apiKey, before }) => (apiKey === api.produce && before === 1 ? fault : undefined);
  const error = await clock.run(
    write('second').then(
      () => undefined,
      (reason: MillraceError) => reason,
    ),
  );
  const requests = cluster.calls.filter(({ apiKey }) => apiKey === api.produce).length;
  return { error, log: log!, requests, tookMs: clock.monotonic() - start };
}

/** What there is for each answer that is not simply repeated; the code an application sees. */
const refused: Readonly<Record<number, ErrorCode>> = {
  [-1]: 'BROKER_REFUSED',
  1: 'OFFSET_OUT_OF_RANGE',
  10: 'RECORD_TOO_LARGE',
  17: 'INVALID_NAME',
  18: 'RECORD_TOO_LARGE',
  22: 'FENCED',
  25: 'FENCED',
  26: 'INVALID_SETTING',
  27: 'FENCED',
  29: 'NOT_AUTHORIZED',
  30: 'NOT_AUTHORIZED',
  31: 'NOT_AUTHORIZED',
  33: 'NOT_AUTHENTICATED',
  35: 'UNSUPPORTED_BROKER',
  37: 'INVALID_SETTING',
  38: 'INVALID_SETTING',
  40: 'INVALID_SETTING',
  44: 'INVALID_SETTING',
  47: 'FENCED',
  48: 'PRODUCER_LOST',
  49: 'PRODUCER_LOST',
  50: 'INVALID_SETTING',
  53: 'NOT_AUTHORIZED',
  58: 'NOT_AUTHENTICATED',
  82: 'INSTANCE_FENCED',
  90: 'FENCED',
  110: 'FENCED',
  120: 'PRODUCER_LOST',
};

/** Answers that are repeated. Of those after which the batch may be in the log, the log has it in one of two cases below. */
const again = [
  2, 5, 9, 14, 15, 16, 19, 41, 51, 70, 71, 72, 75, 78, 80, 88, 89, 83, 84, 100, 103, 106, 122, 123, 133,
];
const againInDoubt = [3, 6, 7, 13, 20, 56, 74];
const written = [0, 46];
/** The broker misses what should stand before: here it has lost the first record. */
const outOfSequence = [45, 59];

const all = [...Object.keys(kafkaErrors).map(Number), 12345];
const fatal = all.filter(
  (code) =>
    ![...again, ...againInDoubt, ...written, ...outOfSequence].includes(code) && code !== 10 && code !== 18,
);

describe('createProducer, told by the broker of', () => {
  it.each([...again, ...againInDoubt].map((code) => [errorName(code), code] as const))(
    '%s, writes it at the second attempt, after a pause',
    async (_, code) => {
      const { error, log, requests, tookMs } = await writeWith(code);
      expect([error, log.end, requests]).toEqual([undefined, 2, 3]);
      expect(tookMs).toBeGreaterThan(10);
    },
  );

  it.each(againInDoubt.map((code) => [errorName(code), code] as const))(
    '%s although the record is in the log, does not write it twice',
    async (_, code) => {
      const { error, log, requests } = await writeWith({ doneAndSaid: code });
      expect([error, log.end, requests]).toEqual([undefined, 2, 3]);
    },
  );

  it.each(fatal.map((code) => [errorName(code), code] as const))(
    '%s, fails at once, once, with topic and partition, and repeats nothing',
    async (name, code) => {
      const { error, log, requests } = await writeWith(code);
      expect([log.end, requests]).toEqual([1, 2]);
      expect(error).toMatchObject({
        code: refused[code] ?? 'BROKER_REFUSED',
        details: { topic: 'orders', partition: 0 },
      });
      expect(error!.message).toContain(name);
      expect(error!.details.next).toBeTruthy();
    },
  );

  it.each([10, 18].map((code) => [errorName(code), code] as const))(
    '%s, names the sizes of the record',
    async (_, code) => {
      const { error, log, requests } = await writeWith(code);
      expect([log.end, requests]).toEqual([1, 2]);
      expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', details: { topic: 'orders', partition: 0 } });
      expect(error!.details.found).toMatch(/^\d+ bytes: the key 3 of them, the value 6$/);
    },
  );

  it('DUPLICATE_SEQUENCE_NUMBER, takes it as written', async () => {
    const { error, log, requests } = await writeWith({ doneAndSaid: 46 });
    expect([error, log.end, requests]).toEqual([undefined, 2, 2]);
  });

  it.each(outOfSequence.map((code) => [errorName(code), code] as const))(
    '%s, goes on in the next epoch where nothing can be in the log already',
    async (_, code) => {
      const { error, log, requests } = await writeWith(code);
      expect([error, log.end, requests]).toEqual([undefined, 2, 3]);
    },
  );

  it.each(outOfSequence.map((code) => [errorName(code), code] as const))(
    '%s in a transaction, fails: what was acknowledged is not there any more',
    async (name, code) => {
      const { error, log, requests } = await writeWith(code, { transactionalId: 'id' });
      expect([log.end, requests]).toEqual([1, 2]);
      expect(error).toMatchObject({ code: 'PRODUCER_LOST', details: { topic: 'orders', partition: 0 } });
      expect(error!.message).toMatch(new RegExp(`lost records that it had acknowledged.*${name}`, 's'));
    },
  );
});
