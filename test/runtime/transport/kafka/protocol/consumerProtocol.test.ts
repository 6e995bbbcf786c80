import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../../src/runtime/transport/kafka/protocol/consumerProtocol.ts';

/** As ConsumerProtocolSubscription and ConsumerProtocolAssignment of Apache Kafka 4.1.1 write them. */
const messages = JSON.parse(
  readFileSync(new URL('../../../../vectors/kafkaMessages.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const vector = (name: string): Buffer => Buffer.from(messages[name]!, 'hex');

describe('encodeSubscription', () => {
  it("writes what Kafka's own consumers write", () => {
    const subscription = { topics: ['b', 'a'], userData: Buffer.from([7, 8]), generation: 4 };
    expect(encodeSubscription(subscription)).toEqual(vector('subscription.v2'));
  });

  it('lays the bytes out as the specification says', () => {
    const expected = [
      '0002', // version
      '00000001', // one topic
      '000161', // 'a'
      '00000001ff', // user data
      '00000000', // no owned partitions
      'ffffffff', // generation -1
    ].join('');
    const subscription = { topics: ['a'], userData: Buffer.from([255]), generation: -1 };
    expect(encodeSubscription(subscription).toString('hex')).toBe(expected);
  });
});

describe('decodeSubscription', () => {
  it.each([
    ['subscription.v0', -1],
    ['subscription.v1', -1],
    ['subscription.v2', 4],
    ['subscription.v3', 4],
  ])('reads %s', (name, generation) => {
    const expected = { topics: ['a', 'b'], userData: Buffer.from([7, 8]), generation };
    expect(decodeSubscription(vector(name))).toEqual(expected);
  });

  it('reads that of a cooperative consumer with partitions, rack and no user data', () => {
    const expected = { topics: ['a'], userData: Buffer.alloc(0), generation: 9 };
    expect(decodeSubscription(vector('subscription.owning'))).toEqual(expected);
  });

  test.prop([
    fc.uniqueArray(fc.string({ minLength: 1 })),
    fc.uint8Array(),
    fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  ])('reads back what was encoded', (topics, bytes, generation) => {
    const userData = Buffer.from(bytes);
    const decoded = decodeSubscription(encodeSubscription({ topics, userData, generation }));
    expect(decoded).toEqual({ topics: [...topics].sort(), userData, generation });
  });
});

describe('encodeAssignment', () => {
  const partitions = [
    { topic: 'a', partition: 2 },
    { topic: 'b', partition: 1 },
    { topic: 'a', partition: 0 },
  ];

  it("writes what Kafka's own consumers write", () => {
    expect(encodeAssignment({ partitions, metadata: Buffer.from([5]) })).toEqual(vector('assignment.v2'));
  });
});

describe('decodeAssignment', () => {
  it('reads an older version without user data', () => {
    const { partitions, metadata } = decodeAssignment(vector('assignment.v0'));
    expect(partitions.map(({ topic, partition }) => `${topic}${partition}`)).toEqual(['a2', 'a0', 'b1']);
    expect(metadata).toHaveLength(0);
  });

  it('takes the empty bytes of a member the leader left out for no partitions', () => {
    expect(decodeAssignment(Buffer.alloc(0))).toEqual({ partitions: [], metadata: Buffer.alloc(0) });
  });

  const partition = fc.record({ topic: fc.constantFrom('a', 'b', '__proto__'), partition: fc.nat() });
  test.prop([fc.array(partition), fc.uint8Array()])('reads back what was encoded', (partitions, bytes) => {
    const metadata = Buffer.from(bytes);
    const decoded = decodeAssignment(encodeAssignment({ partitions, metadata }));
    const sorted = (list: readonly { topic: string; partition: number }[]) =>
      list.map(({ topic, partition }) => `${topic} ${partition}`).sort();
    expect(sorted(decoded.partitions)).toEqual(sorted(partitions));
    expect(decoded.metadata).toEqual(metadata);
  });
});
