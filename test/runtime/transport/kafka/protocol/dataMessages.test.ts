import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addOffsetsToTxn } from '../../../../../src/runtime/transport/kafka/protocol/addOffsetsToTxn.ts';
import { addPartitionsToTxn } from '../../../../../src/runtime/transport/kafka/protocol/addPartitionsToTxn.ts';
import { Decoder } from '../../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../../../../src/runtime/transport/kafka/protocol/encoder.ts';
import { endTxn } from '../../../../../src/runtime/transport/kafka/protocol/endTxn.ts';
import { fetch } from '../../../../../src/runtime/transport/kafka/protocol/fetch.ts';
import { initProducerId } from '../../../../../src/runtime/transport/kafka/protocol/initProducerId.ts';
import { produce } from '../../../../../src/runtime/transport/kafka/protocol/produce.ts';
import type { Request } from '../../../../../src/runtime/transport/kafka/protocol/request.ts';
import { txnOffsetCommit } from '../../../../../src/runtime/transport/kafka/protocol/txnOffsetCommit.ts';

/** Bodies as the message classes of Apache Kafka 4.1.1 (kafka-clients) write them, in hexadecimal. */
const messages = JSON.parse(
  readFileSync(new URL('../../../../vectors/dataMessages.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const orders = (partition: number) => ({ topic: 'orders', partition });
const identity = { producerId: 5_000_000_000, producerEpoch: 3 };
const records = (last: number) => Buffer.from([1, 2, 3, last]);

const ordersId = '0102030405060708090a0b0c0d0e0f10';
const otherId = 'ff02030405060708890a0b0c0d0e0f10';
const fetching = fetch({
  isolation: 'committed',
  maxWaitMs: 500,
  maxBytes: 1_000_000,
  session: {
    id: 77,
    epoch: 5,
    topics: [
      [
        ordersId,
        [
          { partition: 0, offset: 5_000_000_000, leaderEpoch: 5, lastFetchedEpoch: 4, maxBytes: 100_000 },
          { partition: 2, offset: 0, leaderEpoch: -1, lastFetchedEpoch: -1, maxBytes: 100_000 },
        ],
      ],
      [otherId, [{ partition: 1, offset: 7, leaderEpoch: 0, lastFetchedEpoch: 0, maxBytes: 5 }]],
    ],
    forgotten: [[otherId, [3, 4]]],
  },
  rack: 'größe',
});
const fetchingUncommitted = fetch({
  isolation: 'uncommitted',
  maxWaitMs: 0,
  maxBytes: 9,
  session: { id: 0, epoch: -1, topics: [], forgotten: [] },
  rack: '',
});
const producing = produce('task', 27_000, [
  [
    'orders',
    [
      { partition: 0, records: records(4) },
      { partition: 2, records: records(5) },
    ],
  ],
]);
const adding = addPartitionsToTxn('task', identity, [orders(0), { topic: 'other', partition: 1 }, orders(2)]);
const committing = txnOffsetCommit('task', identity, {
  group: 'group',
  generation: 7,
  memberId: 'm1',
  offsets: [
    { ...orders(0), offset: 5_000_000_000, metadata: 'größe' },
    { ...orders(2), offset: 0, metadata: '' },
  ],
});

const requests: Record<string, Request<unknown>> = {
  'fetch.request': fetching,
  'fetch.uncommitted': fetchingUncommitted,
  'produce.request': producing,
  'produce.plain': produce(null, 1000, []),
  'initProducerId.request': initProducerId('task', 60_000),
  'initProducerId.plain': initProducerId(null, 60_000),
  'addPartitionsToTxn.request': adding,
  'addOffsetsToTxn.request': addOffsetsToTxn('task', identity, 'group'),
  'txnOffsetCommit.request': committing,
  'txnOffsetCommit.static': txnOffsetCommit(
    'id',
    { producerId: 9, producerEpoch: 2 },
    {
      group: 'group',
      generation: 7,
      memberId: 'm1',
      instanceId: 'pod-1',
      offsets: [{ ...orders(0), offset: 5, metadata: 'm' }],
    },
  ),
  'endTxn.commit': endTxn('task', identity, true),
  'endTxn.abort': endTxn('task', identity, false),
};

const rejected = { errorCode: 87, baseOffset: -1, appendTime: -1 };

const answers: [message: string, request: Request<unknown>, answer: unknown][] = [
  [
    'fetch.response',
    fetching,
    {
      errorCode: 0,
      sessionId: 78,
      memoryBytes: expect.any(Number),
      partitions: [
        {
          topicId: ordersId,
          partition: 0,
          errorCode: 0,
          highWatermark: 5_000_000_010,
          lastStableOffset: 5_000_000_009,
          logStartOffset: 3,
          aborted: [
            { producerId: 9, firstOffset: 5_000_000_001 },
            { producerId: 8, firstOffset: 5_000_000_000 },
          ],
          preferredReplica: -1,
          divergence: undefined,
          records: records(4),
        },
        {
          topicId: ordersId,
          partition: 2,
          errorCode: 0,
          highWatermark: 10,
          lastStableOffset: 10,
          logStartOffset: 0,
          aborted: [],
          preferredReplica: 3,
          divergence: { epoch: 4, endOffset: 77 },
          records: Buffer.alloc(0),
        },
        {
          topicId: otherId,
          partition: 1,
          errorCode: 6,
          highWatermark: -1,
          lastStableOffset: -1,
          logStartOffset: -1,
          aborted: [],
          preferredReplica: -1,
          divergence: undefined,
          records: Buffer.alloc(0),
        },
      ],
    },
  ],
  [
    'produce.response',
    producing,
    [
      { ...orders(0), errorCode: 0, message: null, baseOffset: 5_000_000_000, appendTime: 1_700_000_000_000 },
      { ...orders(1), ...rejected, message: 'Compacted topic cannot accept message without key' },
      { ...orders(2), ...rejected, message: 'no key' },
    ],
  ],
  ['initProducerId.response', initProducerId('task', 1), { errorCode: 0, ...identity }],
  [
    'addPartitionsToTxn.response',
    adding,
    [
      { ...orders(0), errorCode: 55 },
      { ...orders(2), errorCode: 29 },
    ],
  ],
  ['addOffsetsToTxn.response', addOffsetsToTxn('task', identity, 'group'), 51],
  ['txnOffsetCommit.response', committing, [{ ...orders(0), errorCode: 22 }]],
  ['endTxn.response', endTxn('task', identity, true), 47],
];

describe('requests of the data path', () => {
  it.each(Object.entries(requests))("write %s as Kafka's own classes do", (message, request) => {
    const encoder = new Encoder(8);
    request.body(encoder);
    expect(encoder.toBuffer().toString('hex')).toBe(messages[message]);
  });

  it.each(answers)("read %s as Kafka's own classes write it", (message, request, answer) => {
    const decoder = new Decoder(Buffer.from(messages[message]!, 'hex'));
    expect(request.parse(decoder)).toStrictEqual(answer);
    // Behind it tagged fields; a produce answer has its throttle time there as well.
    expect(decoder.remaining).toBe(message === 'produce.response' ? 5 : 1);
  });

  it.each(answers)('refuse %s when it is cut off anywhere', (message, request) => {
    const whole = Buffer.from(messages[message]!, 'hex');
    const needed = whole.length - (message === 'produce.response' ? 5 : 1);
    for (let length = 0; length < needed; length++) {
      const cut = () => request.parse(new Decoder(whole.subarray(0, length)));
      expect(cut).toThrow(expect.objectContaining({ code: 'BROKER_REFUSED' }));
    }
  });
});
