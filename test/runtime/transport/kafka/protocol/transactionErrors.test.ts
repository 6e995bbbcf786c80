import { describe, expect, it } from 'vitest';
import {
  isRepeatable,
  leavesUndecided,
  type Remedy,
  refused,
  remedyOf,
  severity,
  type TransactionApi,
} from '../../../../../src/runtime/transport/kafka/protocol/transactionErrors.ts';
import { type JavaRemedy, javaErrors, transactionApis } from './javaErrors.ts';

interface Difference {
  readonly api: TransactionApi;
  readonly name: string;
  readonly java: JavaRemedy;
  readonly ours: Remedy;
}

const coordinatorApis: readonly TransactionApi[] = transactionApis.filter(
  (api) => api !== 'FindCoordinator' && api !== 'Produce',
);

/** A pause of milliseconds instead of a longer one is no difference in kind. */
function differences(): Difference[] {
  return javaErrors.flatMap(({ errorCode, name, remedies }) => {
    if (remedies === undefined) return [];
    return transactionApis.flatMap((api) => {
      const [java, ours] = [remedies[api], remedyOf(api, errorCode)];
      return java === (ours === 'wait' ? 'retry' : ours) ? [] : [{ api, name, java, ours }];
    });
  });
}

/** Every difference from Kafka's own producer has one of these reasons. */
const reasons: Readonly<Record<string, (difference: Difference) => boolean>> = {
  'after fatal, Java wants the producer closed and another one made: that is what abort means here': ({
    api,
    name,
    java,
    ours,
  }) =>
    ['INVALID_PRODUCER_ID_MAPPING', 'UNKNOWN_PRODUCER_ID'].includes(name) &&
    [...coordinatorApis, 'Produce'].includes(api) &&
    java !== 'refresh' &&
    ours === 'abort',
  'after abort, Java leaves it to the application what to do; the same request would find the same again': ({
    java,
    ours,
  }) => java === 'abort' && ours === 'fatal',
  'the member, its generation or its instance is not the one the group knows: another one has the task': ({
    api,
    name,
    ours,
  }) =>
    api === 'TxnOffsetCommit' &&
    [
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'FENCED_INSTANCE_ID',
      'REBALANCE_IN_PROGRESS',
      'FENCED_MEMBER_EPOCH',
      'STALE_MEMBER_EPOCH',
    ].includes(name) &&
    ours === 'fence',
  'Java asks the coordinator whether it is fenced before it believes a partition; a new producer finds out as well':
    ({ api, name, java, ours }) =>
      api === 'Produce' && name === 'INVALID_PRODUCER_EPOCH' && java === 'abort' && ours === 'fence',
  'how brokers that verify transactions say TRANSACTION_ABORTABLE in this version of the API': ({
    api,
    name,
    ours,
  }) => api === 'TxnOffsetCommit' && name === 'INVALID_TXN_STATE' && ours === 'abort',
  'said only beside another partition, which has the reason': ({ api, name, ours }) =>
    api === 'AddPartitionsToTxn' && name === 'OPERATION_NOT_ATTEMPTED' && ours === 'wait',
};

describe('remedyOf', () => {
  it("sorts every error of every API as Kafka's own producer does, but where there is a reason", () => {
    const found = new Map<string, string[]>(Object.keys(reasons).map((reason) => [reason, []]));
    for (const difference of differences()) {
      const { api, name, java, ours } = difference;
      const why = Object.entries(reasons).filter(([, applies]) => applies(difference));
      expect(
        why.map(([reason]) => reason),
        `${api} ${name}: Java ${java}, millrace ${ours}`,
      ).toHaveLength(1);
      found.get(why[0]![0])!.push(`${api} ${name}: Java ${java}, millrace ${ours}`);
    }
    if (process.env['MILLRACE_SHOW'] !== undefined) console.log(Object.fromEntries(found));
    for (const [reason, those] of found) expect(those, reason).not.toEqual([]);
  });

  it('wants a new producer wherever Kafka says that one cures it', () => {
    const recoverable = javaErrors.filter((error) => error.recoverable);
    expect(recoverable.map(({ name }) => name)).toContain('INVALID_PRODUCER_ID_MAPPING');
    for (const { errorCode, name } of recoverable) {
      if (['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(name)) continue;
      for (const api of [...coordinatorApis, 'Produce' as const])
        expect(['abort', 'fence'], `${api} ${name}`).toContain(remedyOf(api, errorCode));
    }
  });

  it('never repeats what Kafka does not call retriable, but a partition that was not at fault', () => {
    for (const { errorCode, name, retriable } of javaErrors) {
      for (const api of transactionApis) {
        const repeats = isRepeatable(remedyOf(api, errorCode));
        const blameless = api === 'AddPartitionsToTxn' && name === 'OPERATION_NOT_ATTEMPTED';
        expect(repeats, `${api} ${name}`).toBe(retriable || blameless);
      }
    }
  });

  it('gives up at an error of a newer broker', () => {
    for (const api of transactionApis) expect(remedyOf(api, 999)).toBe('fatal');
  });
});

describe('severity', () => {
  it('has every remedy, the ones that are repeated first', () => {
    expect(severity.map(isRepeatable)).toEqual([true, true, true, false, false, false]);
  });
});

describe('leavesUndecided', () => {
  it('holds where a coordinator may have written a decision down, not where it refuses one', () => {
    const undecided = javaErrors.filter(({ errorCode }) => leavesUndecided(errorCode));
    expect(undecided.map(({ errorCode }) => errorCode)).toEqual([-1, 7, 15, 16]);
  });
});

describe('refused', () => {
  it.each([
    ['EndTxn', 90, 'FENCED'],
    ['InitProducerId', 47, 'FENCED'],
    ['TxnOffsetCommit', 22, 'FENCED'],
    ['TxnOffsetCommit', 48, 'PRODUCER_LOST'],
    ['Produce', 45, 'PRODUCER_LOST'],
    ['Produce', 120, 'PRODUCER_LOST'],
    ['AddPartitionsToTxn', 49, 'PRODUCER_LOST'],
    ['EndTxn', 48, 'BROKER_REFUSED'],
    ['InitProducerId', 50, 'INVALID_SETTING'],
    ['InitProducerId', 53, 'NOT_AUTHORIZED'],
    ['FindCoordinator', 15, 'BROKER_UNREACHABLE'],
  ] as const)('turns an answer to %s, error %i, into %s', (api, errorCode, expected) => {
    const error = refused(api, errorCode, 'it did not work', { transactionalId: 'task' });
    expect([error.code, error.details.next?.length]).toEqual([expected, expect.any(Number)]);
  });
});
