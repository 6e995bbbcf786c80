import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createTopics } from '../../../../../src/runtime/transport/kafka/protocol/createTopics.ts';
import { Decoder } from '../../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { deleteRecords } from '../../../../../src/runtime/transport/kafka/protocol/deleteRecords.ts';
import { deleteTopics } from '../../../../../src/runtime/transport/kafka/protocol/deleteTopics.ts';
import { describeConfigs } from '../../../../../src/runtime/transport/kafka/protocol/describeConfigs.ts';
import { Encoder } from '../../../../../src/runtime/transport/kafka/protocol/encoder.ts';
import { findCoordinator } from '../../../../../src/runtime/transport/kafka/protocol/findCoordinator.ts';
import { heartbeat } from '../../../../../src/runtime/transport/kafka/protocol/heartbeat.ts';
import { joinGroup } from '../../../../../src/runtime/transport/kafka/protocol/joinGroup.ts';
import { leaveGroup } from '../../../../../src/runtime/transport/kafka/protocol/leaveGroup.ts';
import { listOffsets } from '../../../../../src/runtime/transport/kafka/protocol/listOffsets.ts';
import { metadata } from '../../../../../src/runtime/transport/kafka/protocol/metadata.ts';
import { offsetCommit } from '../../../../../src/runtime/transport/kafka/protocol/offsetCommit.ts';
import { offsetFetch } from '../../../../../src/runtime/transport/kafka/protocol/offsetFetch.ts';
import type { Request } from '../../../../../src/runtime/transport/kafka/protocol/request.ts';
import { syncGroup } from '../../../../../src/runtime/transport/kafka/protocol/syncGroup.ts';

/** Bodies as the message classes of Apache Kafka 4.1.1 (kafka-clients) write them, in hexadecimal. */
const messages = JSON.parse(
  readFileSync(new URL('../../../../vectors/kafkaMessages.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const orders = (partition: number) => ({ topic: 'orders', partition });

const joining = {
  group: 'group',
  sessionTimeoutMs: 6000,
  rebalanceTimeoutMs: 60_000,
  memberId: 'member',
  protocol: 'millrace',
  subscription: Buffer.from([1, 2, 3]),
};
const join = joinGroup(joining);

const syncing = {
  group: 'group',
  generation: 7,
  memberId: 'm1',
  assignments: new Map([
    ['m1', Buffer.from([1])],
    ['m2', Buffer.from([2, 3])],
  ]),
};
const sync = syncGroup(syncing);

const instanceId = 'pod-1';
const staticCommit = offsetCommit({
  group: 'group',
  generation: 7,
  memberId: 'm1',
  instanceId,
  offsets: [{ ...orders(0), offset: 5, metadata: 'm' }],
});

const commit = offsetCommit({
  group: 'group',
  generation: 7,
  memberId: 'm1',
  offsets: [
    { ...orders(0), offset: 5, metadata: 'm' },
    { topic: 'other', partition: 1, offset: 1, metadata: '' },
    { ...orders(2), offset: 5_000_000_000, metadata: '' },
  ],
});

const create = createTopics(
  [
    { topic: 'orders', partitions: 3, config: { 'cleanup.policy': 'compact' } },
    { topic: 'other', partitions: 1, replicationFactor: 2 },
  ],
  30_000,
);

const requests: Record<string, Request<unknown>> = {
  'joinGroup.request': join,
  'syncGroup.request': sync,
  'heartbeat.request': heartbeat('group', 7, 'm1'),
  'leaveGroup.request': leaveGroup('group', { memberId: 'm1' }),
  'joinGroup.static': joinGroup({ ...joining, instanceId }),
  'syncGroup.static': syncGroup({ ...syncing, instanceId }),
  'heartbeat.static': heartbeat('group', 7, 'm1', instanceId),
  'leaveGroup.static': leaveGroup('group', { instanceId }),
  'offsetCommit.static': staticCommit,
  'findCoordinator.group': findCoordinator('group', 'group'),
  'findCoordinator.transaction': findCoordinator('transaction', 'id'),
  'metadata.request': metadata(['orders', 'größe']),
  'offsetCommit.request': commit,
  'offsetFetch.request': offsetFetch('group', [orders(2), orders(0)]),
  'listOffsets.request': listOffsets([orders(1)], 1_700_000_000_000, 'committed'),
  'createTopics.request': create,
  'deleteTopics.request': deleteTopics(['orders', 'other'], 30_000),
  'describeConfigs.request': describeConfigs(['orders']),
  'deleteRecords.request': deleteRecords([{ ...orders(1), before: 9 }], 30_000),
};

const answers: [message: string, request: Request<unknown>, answer: unknown][] = [
  [
    'joinGroup.response',
    join,
    {
      errorCode: 0,
      generation: 7,
      leader: 'm1',
      memberId: 'm1',
      members: [
        { memberId: 'm1', subscription: Buffer.from([9]) },
        { memberId: 'm2', subscription: Buffer.alloc(0) },
      ],
    },
  ],
  ['joinGroup.refusal', join, { errorCode: 79, generation: -1, leader: '', memberId: 'given', members: [] }],
  ['syncGroup.response', sync, { errorCode: 27, assignment: Buffer.from([4, 5]) }],
  ['heartbeat.response', heartbeat('group', 7, 'm1'), { errorCode: 25 }],
  ['leaveGroup.response', leaveGroup('group', { memberId: 'm1' }), { errorCode: 25 }],
  [
    'findCoordinator.response',
    findCoordinator('group', 'group'),
    { node: 3, host: 'host', port: 9092, errorCode: 0, errorMessage: null },
  ],
  [
    'findCoordinator.refusal',
    findCoordinator('group', 'group'),
    { node: -1, host: '', port: -1, errorCode: 15, errorMessage: 'not yet' },
  ],
  [
    'metadata.response',
    metadata(['orders', 'none']),
    {
      nodes: [
        { id: 1, host: 'a', port: 9092 },
        { id: 2, host: 'b', port: 9093 },
      ],
      controller: 2,
      topics: [
        {
          errorCode: 0,
          topic: 'orders',
          topicId: Buffer.from('00000000000000010000000000000002', 'hex'),
          internal: false,
          partitions: [
            { partition: 0, errorCode: 0, leader: 1, leaderEpoch: 4, replicas: [1, 2], inSync: [1] },
            { partition: 1, errorCode: 5, leader: -1, leaderEpoch: -1, replicas: [2], inSync: [] },
          ],
        },
        { errorCode: 3, topic: 'none', topicId: Buffer.alloc(16), internal: false, partitions: [] },
      ],
    },
  ],
  [
    'offsetCommit.response',
    commit,
    [
      { ...orders(0), errorCode: 0 },
      { ...orders(2), errorCode: 22 },
    ],
  ],
  [
    'offsetFetch.response',
    offsetFetch('group', []),
    {
      errorCode: 0,
      partitions: [
        { ...orders(2), offset: 5_000_000_000, metadata: 'größer', errorCode: 0 },
        { ...orders(0), offset: -1, metadata: '', errorCode: 88 },
      ],
    },
  ],
  [
    'listOffsets.response',
    listOffsets([], -1, 'committed'),
    [{ ...orders(1), errorCode: 6, offset: 12, leaderEpoch: 3 }],
  ],
  [
    'createTopics.response',
    create,
    [
      { topic: 'orders', errorCode: 36, errorMessage: 'there' },
      { topic: 'other', errorCode: 0, errorMessage: '' },
    ],
  ],
  [
    'deleteTopics.response',
    deleteTopics([], 0),
    [
      { topic: 'orders', errorCode: 3, errorMessage: null },
      { topic: 'other', errorCode: 73, errorMessage: 'off' },
    ],
  ],
  [
    'describeConfigs.response',
    describeConfigs([]),
    [{ topic: 'orders', errorCode: 0, errorMessage: '', config: { 'cleanup.policy': 'compact' } }],
  ],
  ['deleteRecords.response', deleteRecords([], 0), [{ ...orders(1), errorCode: 1 }]],
];

describe('requests', () => {
  it.each(Object.entries(requests))("write %s as Kafka's own classes do", (message, request) => {
    const encoder = new Encoder(8);
    request.body(encoder);
    expect(encoder.toBuffer().toString('hex')).toBe(messages[message]);
  });

  it.each(answers)(
    "read %s as Kafka's own classes write it, to the last byte",
    (message, request, answer) => {
      const decoder = new Decoder(Buffer.from(messages[message]!, 'hex'));
      expect(request.parse(decoder)).toStrictEqual(answer);
      // A flexible answer ends with tagged fields, which nobody needs to read.
      expect(decoder.remaining).toBe(request.flexible === true ? 1 : 0);
    },
  );

  it.each(answers)('refuse %s when it is cut off anywhere', (message, request) => {
    const whole = Buffer.from(messages[message]!, 'hex');
    const needed = whole.length - (request.flexible === true ? 1 : 0);
    for (let length = 0; length < needed; length++) {
      const cut = () => request.parse(new Decoder(whole.subarray(0, length)));
      expect(cut).toThrow(expect.objectContaining({ code: 'BROKER_REFUSED' }));
    }
  });
});
