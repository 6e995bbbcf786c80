import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import type { Api, Fault } from '../../src/runtime/transport/embedded/faults.ts';

/** One thing that goes wrong in a run; each can be left out, and the others stay. */
export type Disturbance =
  /** At the nth call of this kind that any instance makes while it is chaotic. */
  | {
      readonly at: 'call';
      readonly api: Api;
      readonly nth: number;
      readonly fault: Fault | 'crash-before' | 'crash-after';
      /** Whoever called is killed so long after the call. */
      readonly killedAfterMs?: number;
    }
  /** At the nth transaction that a machine writes to its disk. */
  | {
      readonly at: 'write';
      readonly machine: number;
      readonly nth: number;
      readonly fault: 'crash-before' | 'crash-after';
    }
  | { readonly at: 'time'; readonly ms: number; readonly machine: number; readonly what: Strike }
  /** Every call of these is refused for so long: their coordinator moves. */
  | { readonly at: 'move'; readonly ms: number; readonly lasts: number; readonly apis: readonly Api[] }
  /** Committed offsets are visible so long after the transaction that they are part of. */
  | { readonly at: 'late'; readonly ms: number; readonly lasts: number; readonly by: number };

export type Strike =
  | { readonly kind: 'crash' }
  /** As SIGTERM: it leaves, another starts. */
  | { readonly kind: 'stop' }
  /** A second instance on the machine joins for so long. */
  | { readonly kind: 'join'; readonly lasts: number }
  | { readonly kind: 'full'; readonly lasts: number }
  /** Power loss: the newest transactions of each database are gone with it. */
  | { readonly kind: 'tear'; readonly most: number }
  | { readonly kind: 'loseFolders' }
  /** Older copies, those of the other machine where it has any. */
  | { readonly kind: 'oldCopies' }
  | { readonly kind: 'clock'; readonly by: number }
  /** Compaction and retention. */
  | { readonly kind: 'clean' };

/** ms in which they strike. */
export const chaosLasts = 5_000;
export const machines = 2;

const groupApis: readonly Api[] = [
  'joinGroup',
  'syncGroup',
  'heartbeat',
  'leaveGroup',
  'offsetFetch',
  'offsetCommit',
];
const transactionApis: readonly Api[] = ['initProducerId', 'endTxn'];
/** Each with how many calls of it a run makes, about. */
const struck: readonly (readonly [api: Api, calls: number])[] = [
  ['endTxn', 40],
  ['endTxn', 40],
  ['produce', 80],
  ['txnOffsetCommit', 40],
  ['offsetCommit', 20],
  ['initProducerId', 15],
  ['offsetFetch', 15],
  ['fetch', 60],
  ['joinGroup', 6],
  ['syncGroup', 6],
  ['heartbeat', 20],
  ['leaveGroup', 3],
  ['admin', 12],
];

/** All that goes wrong in the run of a seed. */
export function disturbancesOf(seed: number): readonly Disturbance[] {
  const random = seededRandom(seed * 2 + 1);
  const upTo = (most: number): number => Math.floor(random() * most);
  const oneOf = <T>(all: readonly T[]): T => all[upTo(all.length)]!;
  const all: Disturbance[] = [];
  for (let left = 3 + upTo(6); left > 0; left--) {
    const [api, calls] = oneOf(struck);
    all.push({ at: 'call', api, nth: 1 + upTo(calls), fault: callFault(upTo, oneOf) });
  }
  if (random() < 0.7) all.push(...burst(upTo, oneOf));
  for (let left = upTo(2); left > 0; left--) {
    const fault = oneOf(['crash-before', 'crash-after'] as const);
    all.push({ at: 'write', machine: upTo(machines), nth: 1 + upTo(40), fault });
  }
  for (let left = upTo(4); left > 0; left--)
    all.push({ at: 'time', ms: upTo(chaosLasts), machine: upTo(machines), what: strike(upTo, oneOf) });
  if (random() < 0.15) {
    const apis = oneOf([groupApis, transactionApis]);
    all.push({ at: 'move', ms: upTo(chaosLasts), lasts: 100 + upTo(1_500), apis });
  }
  if (random() < 0.3)
    all.push({ at: 'late', ms: upTo(chaosLasts), lasts: 500 + upTo(4_000), by: 50 + upTo(2_500) });
  return all;
}

type UpTo = (most: number) => number;
type OneOf = <T>(all: readonly T[]) => T;

/**
 * Troubles seldom come alone: the end of a transaction is in doubt, and something more happens in the next few calls. A lost
 * request may arrive just when it was given up and sent again.
 */
function burst(upTo: UpTo, oneOf: OneOf): Disturbance[] {
  const nth = 1 + upTo(30);
  const late = (): Fault => ({ kind: 'loseRequest', arrivesAfterMs: 3_000 + upTo(30) });
  const doubt = oneOf<() => Fault>([
    late,
    late,
    () => ({ kind: 'loseRequest' }),
    () => ({ kind: 'loseResponse' }),
  ]);
  const all: Disturbance[] = [{ at: 'call', api: 'endTxn', nth, fault: doubt() }];
  if (upTo(2) === 0)
    return [{ at: 'call', api: 'endTxn', nth, fault: late(), killedAfterMs: 3_000 + upTo(60) }];
  for (let left = 1 + upTo(3); left > 0; left--) {
    const api = oneOf<Api>(['endTxn', 'txnOffsetCommit', 'txnOffsetCommit', 'produce']);
    const fault = oneOf<() => (Disturbance & { at: 'call' })['fault']>([
      () => 'crash-before',
      () => 'crash-before',
      () => 'crash-after',
      () => ({ kind: 'delayRequest', ms: upTo(200) }),
    ])();
    all.push({ at: 'call', api, nth: nth + upTo(6), fault });
  }
  return all;
}

function callFault(upTo: UpTo, oneOf: OneOf): (Disturbance & { at: 'call' })['fault'] {
  return oneOf<() => (Disturbance & { at: 'call' })['fault']>([
    () => 'crash-before',
    () => 'crash-after',
    () => ({ kind: 'refuse' }),
    () => ({ kind: 'loseRequest' }),
    () => ({ kind: 'loseRequest', arrivesAfterMs: upTo(6_000) }),
    () => ({ kind: 'loseRequest', arrivesAfterMs: 3_000 + upTo(400) }),
    () => ({ kind: 'loseResponse' }),
    () => ({ kind: 'loseResponse' }),
    () => ({ kind: 'delayRequest', ms: upTo(2_500) }),
    () => ({ kind: 'delayResponse', ms: upTo(2_500) }),
    () => ({ kind: 'pauseClient', ms: 500 + upTo(5_000) }),
    () => ({ kind: 'pauseClient', ms: 2_000 + upTo(5_000) }),
  ])();
}

function strike(upTo: UpTo, oneOf: OneOf): Strike {
  return oneOf<() => Strike>([
    () => ({ kind: 'crash' }),
    () => ({ kind: 'crash' }),
    () => ({ kind: 'stop' }),
    () => ({ kind: 'join', lasts: 500 + upTo(3_000) }),
    () => ({ kind: 'full', lasts: 100 + upTo(2_500) }),
    () => ({ kind: 'tear', most: 1 + upTo(6) }),
    () => ({ kind: 'loseFolders' }),
    () => ({ kind: 'oldCopies' }),
    () => ({ kind: 'clock', by: (upTo(2) === 0 ? -1 : 1) * upTo(7_200_000) }),
    () => ({ kind: 'clean' }),
  ])();
}
