import { randomUUID } from 'node:crypto';
import type { Headers } from '../dsl/message.ts';
import type { Batch, Producer } from './transport/transport.ts';

/**
 * Stands in a changelog: from here on what counts was written by the producer that wrote this. Nothing else keeps a worker
 * that was given up, and does not know it, from writing there; see docs/decisions/0019-claims-on-changelogs.md.
 */
export interface Claim {
  /** Of this claim alone: compaction never takes one for another. */
  readonly nonce: string;
  readonly producerId: number;
}

/** By changelog: the claims that stand in it, oldest first. The last one counts. */
export type Claims = ReadonlyMap<string, readonly Claim[]>;

/** As the key of the commit record: no UTF-8, so no text key begins with it. */
const prefix: Buffer = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('millrace.claim.')]);
const claimHeaders: Headers = [['millrace.claim', Buffer.from('1')]];

/** The nonce of the claim that a control record makes or, without a value, withdraws; undefined where it is none. */
export function claimedIn(batch: Batch, key: Buffer): string | undefined {
  const isClaim = prefix.equals(key.subarray(0, prefix.length)) && batch.headers().length > 0;
  return isClaim ? key.toString('utf8', prefix.length) : undefined;
}

/**
 * Claims a task's changelogs. The one with the commit records first: a commit of whoever had them before that counts
 * there was written before this, and so after all its rows, and so before the others are claimed: its rows count as well.
 */
export async function claimChangelogs(
  topics: readonly string[],
  partition: number,
  producer: Producer,
  now: number,
  settle: () => Promise<void>,
): Promise<void> {
  const nonce = randomUUID();
  const value = JSON.stringify({ producerId: producer.producerId });
  for (const [index, topic] of topics.entries()) {
    producer.append(topic, partition, claimKey(nonce), value, now, claimHeaders);
    if (index === 0) await settle();
  }
  if (topics.length > 1) await settle();
}

/** Takes claims back that nothing depends on any more, the oldest first: none may outlive one that came after it. */
export function withdrawClaims(
  claims: readonly Claim[],
  topic: string,
  partition: number,
  producer: Producer,
  now: number,
): void {
  for (const { nonce } of claims) producer.append(topic, partition, claimKey(nonce), null, now, claimHeaders);
}

function claimKey(nonce: string): Buffer {
  return Buffer.concat([prefix, Buffer.from(nonce)]);
}
