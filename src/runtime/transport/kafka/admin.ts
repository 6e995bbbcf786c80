import type { Clock } from '../../clock.ts';
import type { Isolation, NewTopic, TopicAdmin, TopicDescription, TopicPartition } from '../transport.ts';
import { askLeaders } from './askLeaders.ts';
import { Attempts } from './attempts.ts';
import type { Connection, TopicMetadata } from './connection.ts';
import { onEveryBroker } from './onEveryBroker.ts';
import { createTopics, type TopicAnswer } from './protocol/createTopics.ts';
import { deleteRecords } from './protocol/deleteRecords.ts';
import { deleteTopics } from './protocol/deleteTopics.ts';
import { describeConfigs } from './protocol/describeConfigs.ts';
import { type Asked, code, isRetriable, toMillraceError } from './protocol/errors.ts';
import { endOfPartition, listOffsets, startOfPartition } from './protocol/listOffsets.ts';
import type { AnsweredTopic } from './protocol/metadata.ts';
import type { Request } from './protocol/request.ts';
import { isLost } from './requestLost.ts';

const lane = 'admin';

/** Topics and their offsets. Everything here may be done twice, so it is repeated until requestTimeoutMs is over. */
export function admin(connection: Connection, clock: Clock): TopicAdmin {
  return {
    describe: (topics) => describe(connection, clock, topics),
    create: (topics) => create(connection, clock, topics),
    delete: (topics) => remove(connection, clock, topics),
    startOffsets: (partitions) => offsets(connection, clock, partitions, startOfPartition, 'uncommitted'),
    endOffsets: (partitions, isolation) => offsets(connection, clock, partitions, endOfPartition, isolation),
    offsetsAt: (partitions, timestamp) => offsetsAt(connection, clock, partitions, timestamp),
    async deleteRecords(partitions) {
      await askLeaders(connection, clock, {
        partitions,
        lane,
        request: (wanted) => deleteRecords(wanted, connection.requestTimeoutMs),
        what: 'records were not deleted',
        operation: 'Delete',
      });
    },
  };
}

async function describe(
  connection: Connection,
  clock: Clock,
  names: readonly string[],
): Promise<(TopicDescription | undefined)[]> {
  const topics = await lookUp(connection, clock, names);
  const there = [...topics.keys()];
  if (there.length === 0) return names.map(() => undefined);
  const answers = await repeat(connection, clock, describeConfigs(there), code.unknownTopicOrPartition);
  const described = new Map<string, TopicDescription>();
  for (const { topic, errorCode, errorMessage, config } of answers) {
    if (errorCode === code.unknownTopicOrPartition) continue;
    const asked = { topic, operation: 'DescribeConfigs', message: errorMessage };
    refuse(connection, errorCode, `topic ${topic} cannot be described`, asked);
    described.set(topic, { topic, config, partitions: topics.get(topic)!.partitions.length });
  }
  return names.map((name) => described.get(name));
}

async function create(connection: Connection, clock: Clock, wanted: readonly NewTopic[]): Promise<void> {
  const topics = [...new Map(wanted.map((topic) => [topic.topic, topic])).values()];
  if (topics.length === 0) return;
  const names = topics.map(({ topic }) => topic);
  const request = createTopics(topics, connection.requestTimeoutMs);
  for (const answer of await repeat(connection, clock, request, code.topicAlreadyExists)) {
    const { topic, errorCode, errorMessage } = answer;
    if (errorCode === code.topicAlreadyExists) continue;
    const asked = { topic, operation: 'Create', message: errorMessage };
    refuse(connection, errorCode, `topic ${topic} cannot be created`, asked);
  }
  const shown = ({ errorCode, partitions }: AnsweredTopic): boolean =>
    errorCode === code.none && partitions.every(({ leader }) => leader >= 0);
  await onEveryBroker(connection, clock, lane, names, shown);
  // The leaders have heard of their partitions when they can say where those end.
  const known = await lookUp(connection, clock, names);
  const partitions = [...known.values()].flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  await offsets(connection, clock, partitions, endOfPartition, 'uncommitted');
}

async function remove(connection: Connection, clock: Clock, wanted: readonly string[]): Promise<void> {
  const names = [...new Set(wanted)];
  if (names.length === 0) return;
  // Asked beforehand: a deletion that is repeated does not find what it has deleted.
  const there = await lookUp(connection, clock, names);
  const missing = names.find((name) => !there.has(name));
  if (missing !== undefined) {
    throw toMillraceError(code.unknownTopicOrPartition, 'there is no such topic', { topic: missing });
  }
  const request = deleteTopics(names, connection.requestTimeoutMs);
  for (const answer of await repeat(connection, clock, request, code.unknownTopicOrPartition)) {
    const { topic, errorCode, errorMessage } = answer;
    if (errorCode === code.unknownTopicOrPartition) continue;
    const asked = { topic, operation: 'Delete', message: errorMessage };
    refuse(connection, errorCode, `topic ${topic} cannot be deleted`, asked);
  }
  const gone = ({ errorCode }: AnsweredTopic): boolean => errorCode === code.unknownTopicOrPartition;
  await onEveryBroker(connection, clock, lane, names, gone);
}

/** Asks the controller until no answer is worth repeating; `done` is the code that says somebody was there before. */
async function repeat<A extends TopicAnswer>(
  connection: Connection,
  clock: Clock,
  request: Request<readonly A[]>,
  done: number,
): Promise<readonly A[]> {
  const attempts = new Attempts(clock, connection.random, connection.requestTimeoutMs, connection.closed);
  for (;;) {
    try {
      const controller = await connection.controller({ fresh: attempts.repeated });
      const answers = await connection.send(controller, lane, request);
      const again = answers.some(({ errorCode }) => errorCode !== done && isRetriable(errorCode));
      if (!again || attempts.last) return answers;
    } catch (error) {
      if (attempts.last || !isLost(error)) throw error;
    }
    await attempts.pause();
  }
}

/** As the cluster shows them now, from whichever broker answers first. */
async function lookUp(
  connection: Connection,
  clock: Clock,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicMetadata>> {
  const attempts = new Attempts(clock, connection.random, connection.requestTimeoutMs, connection.closed);
  for (;;) {
    try {
      return await connection.topics(names, { fresh: true });
    } catch (error) {
      if (attempts.last || !isLost(error)) throw error;
    }
    await attempts.pause();
  }
}

async function offsets(
  connection: Connection,
  clock: Clock,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: Isolation,
): Promise<number[]> {
  const answers = await askLeaders(connection, clock, {
    partitions,
    lane,
    request: (wanted) => listOffsets(wanted, timestamp, isolation),
    what: 'the offsets of a partition were not found',
    operation: 'Describe',
  });
  return answers.map(({ offset }) => offset);
}

async function offsetsAt(
  connection: Connection,
  clock: Clock,
  partitions: readonly TopicPartition[],
  timestamp: number,
): Promise<number[]> {
  // Before the search: what is written behind it must not be passed over.
  const ends = await offsets(connection, clock, partitions, endOfPartition, 'uncommitted');
  // Negative numbers mean other things to the broker, and no record is older than 1970.
  const found = await offsets(
    connection,
    clock,
    partitions,
    Math.max(0, Math.ceil(timestamp)),
    'uncommitted',
  );
  return found.map((offset, index) => (offset === -1 ? ends[index]! : offset));
}

function refuse({ principal }: Connection, errorCode: number, what: string, asked: Asked): void {
  if (errorCode !== code.none) throw toMillraceError(errorCode, what, { ...asked, principal });
}
