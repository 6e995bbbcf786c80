import { readFileSync } from 'node:fs';
import { addOffsetsToTxn } from '../../src/runtime/transport/kafka/protocol/addOffsetsToTxn.ts';
import { addPartitionsToTxn } from '../../src/runtime/transport/kafka/protocol/addPartitionsToTxn.ts';
import {
  decodeAssignment,
  decodeSubscription,
} from '../../src/runtime/transport/kafka/protocol/consumerProtocol.ts';
import { createTopics } from '../../src/runtime/transport/kafka/protocol/createTopics.ts';
import { Decoder } from '../../src/runtime/transport/kafka/protocol/decoder.ts';
import { deleteRecords } from '../../src/runtime/transport/kafka/protocol/deleteRecords.ts';
import { deleteTopics } from '../../src/runtime/transport/kafka/protocol/deleteTopics.ts';
import { describeConfigs } from '../../src/runtime/transport/kafka/protocol/describeConfigs.ts';
import { endTxn } from '../../src/runtime/transport/kafka/protocol/endTxn.ts';
import { fetch } from '../../src/runtime/transport/kafka/protocol/fetch.ts';
import { findCoordinator } from '../../src/runtime/transport/kafka/protocol/findCoordinator.ts';
import { heartbeat } from '../../src/runtime/transport/kafka/protocol/heartbeat.ts';
import { initProducerId } from '../../src/runtime/transport/kafka/protocol/initProducerId.ts';
import { joinGroup } from '../../src/runtime/transport/kafka/protocol/joinGroup.ts';
import { leaveGroup } from '../../src/runtime/transport/kafka/protocol/leaveGroup.ts';
import { listOffsets } from '../../src/runtime/transport/kafka/protocol/listOffsets.ts';
import { metadata } from '../../src/runtime/transport/kafka/protocol/metadata.ts';
import { offsetCommit } from '../../src/runtime/transport/kafka/protocol/offsetCommit.ts';
import { offsetFetch } from '../../src/runtime/transport/kafka/protocol/offsetFetch.ts';
import { produce } from '../../src/runtime/transport/kafka/protocol/produce.ts';
import type { Request } from '../../src/runtime/transport/kafka/protocol/request.ts';
import { syncGroup } from '../../src/runtime/transport/kafka/protocol/syncGroup.ts';
import { txnOffsetCommit } from '../../src/runtime/transport/kafka/protocol/txnOffsetCommit.ts';
import { below, mutate, oneOf, randomBytes } from './mutate.ts';
import type { Target } from './target.ts';

type Make = (...options: never[]) => Request<unknown>;

/** By the name that the vectors have. How an answer is read does not depend on what was asked. */
const requests: Readonly<Record<string, Make>> = {
  addOffsetsToTxn,
  addPartitionsToTxn,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  endTxn,
  fetch,
  findCoordinator,
  heartbeat,
  initProducerId,
  joinGroup,
  leaveGroup,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  produce,
  syncGroup,
  txnOffsetCommit,
};

const messages: Record<string, string> = { ...read('dataMessages'), ...read('kafkaMessages') };

function read(name: string): Record<string, string> {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}

/** The answers of one API as Kafka's own classes write them. */
function answersOf(api: string): Buffer[] {
  const names = [`${api}.response`, `${api}.refusal`].filter((name) => name in messages);
  return names.map((name) => Buffer.from(messages[name]!, 'hex'));
}

const all = Object.values(messages).map((hex) => Buffer.from(hex, 'hex'));

function target(name: string, corpus: readonly Buffer[], parse: (bytes: Buffer) => unknown): Target {
  return {
    name,
    share: 1,
    make: (random) =>
      random() < 0.05
        ? randomBytes(random, below(random, 200))
        : mutate(random, oneOf(random, corpus), oneOf(random, all)),
    run: (bytes) => void parse(bytes),
  };
}

const answers = Object.entries(requests).map(([name, make]) => {
  // What is asked is not looked at before it is written.
  const { parse } = (make as (...options: object[]) => Request<unknown>)([], [], []);
  return target(name, answersOf(name), (bytes) => parse(new Decoder(bytes)));
});

const withPrefix = (prefix: string) =>
  Object.entries(messages)
    .filter(([name]) => name.startsWith(prefix))
    .map(([, hex]) => Buffer.from(hex, 'hex'));

export const responseTargets: readonly Target[] = [
  ...answers,
  target('subscription', withPrefix('subscription.'), decodeSubscription),
  target('assignment', withPrefix('assignment.'), decodeAssignment),
];
