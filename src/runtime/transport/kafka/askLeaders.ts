import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { TopicPartition } from '../transport.ts';
import { Attempts } from './attempts.ts';
import type { Connection, TopicMetadata } from './connection.ts';
import { partitionKey } from './partitionKey.ts';
import type { PartitionAnswer } from './protocol/byTopic.ts';
import { isRetriable, toMillraceError } from './protocol/errors.ts';
import type { Request } from './protocol/request.ts';
import { isLost } from './requestLost.ts';

export interface LeaderCall<P extends TopicPartition, A extends PartitionAnswer> {
  readonly partitions: readonly P[];
  readonly lane: string;
  readonly request: (partitions: readonly P[]) => Request<readonly A[]>;
  /** For the message of an error: 'the end of a partition was not found'. */
  readonly what: string;
  /** As in Kafka's ACLs: 'Describe'. */
  readonly operation: string;
}

/** A topic that was created a moment ago may be unknown to some brokers for about this long. */
const unknownTopicGraceMs = 1000;

/**
 * Asks the leader of each partition and gives the answers in the order of the partitions. What was lost or is retriable is
 * asked again, with fresh metadata, until requestTimeoutMs is over.
 */
export async function askLeaders<P extends TopicPartition, A extends PartitionAnswer>(
  connection: Connection,
  clock: Clock,
  call: LeaderCall<P, A>,
): Promise<A[]> {
  const answers = new Map<string, A>();
  const attempts = new Attempts(clock, connection.random, connection.requestTimeoutMs, connection.closed);
  const grace = new Attempts(clock, connection.random, unknownTopicGraceMs, connection.closed);
  let open = [...call.partitions];
  while (open.length > 0) {
    const round = await askRound(connection, call, open, attempts.repeated, grace.last);
    for (const answer of round.answers) {
      if (attempts.last || !isRetriable(answer.errorCode))
        answers.set(partitionKey(answer), checked(connection, answer, call));
    }
    open = open.filter((partition) => !answers.has(partitionKey(partition)));
    if (open.length === 0) break;
    if (attempts.last) throw round.lost ?? noLeader(open[0]!, call);
    await attempts.pause();
  }
  return call.partitions.map((partition) => answers.get(partitionKey(partition))!);
}

interface Round<A> {
  readonly answers: readonly A[];
  readonly lost: unknown;
}

/** One request to each leader, and what came back; without any leader at all, what was lost on the way to know them. */
async function askRound<P extends TopicPartition, A extends PartitionAnswer>(
  connection: Connection,
  call: LeaderCall<P, A>,
  open: readonly P[],
  fresh: boolean,
  graceIsOver: boolean,
): Promise<Round<A>> {
  let lost: unknown;
  const noAnswer = (error: unknown): readonly A[] => {
    if (!isLost(error)) throw error;
    lost = error;
    return [];
  };
  const names = [...new Set(open.map(({ topic }) => topic))];
  const topics = await connection.topics(names, { fresh }).catch((error: unknown) => void noAnswer(error));
  if (topics === undefined) return { answers: [], lost };
  requireKnown(open, topics, call, fresh && graceIsOver);
  const perLeader = [...byLeader(open, topics)].map(([node, partitions]) =>
    connection.send(node, call.lane, call.request(partitions)).catch(noAnswer),
  );
  return { answers: (await Promise.all(perLeader)).flat(), lost };
}

/** Partitions without a leader are left out: they are asked for again. */
function byLeader<P extends TopicPartition>(
  partitions: readonly P[],
  topics: ReadonlyMap<string, TopicMetadata>,
): Map<number, P[]> {
  const leaders = new Map<number, P[]>();
  for (const partition of partitions) {
    const leader = topics.get(partition.topic)?.partitions[partition.partition]?.leader ?? -1;
    if (leader < 0) continue;
    const known = leaders.get(leader);
    if (known === undefined) leaders.set(leader, [partition]);
    else known.push(partition);
  }
  return leaders;
}

function requireKnown(
  partitions: readonly TopicPartition[],
  topics: ReadonlyMap<string, TopicMetadata>,
  { what }: { readonly what: string },
  graceIsOver: boolean,
): void {
  if (!graceIsOver) return;
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic);
    if (known?.partitions[partition] !== undefined) continue;
    throw new MillraceError('UNKNOWN_TOPIC', what, {
      topic,
      partition,
      found: known === undefined ? 'no such topic' : `a topic of ${known.partitions.length} partitions`,
      next: `Create topic ${topic} with enough partitions, or correct its name.`,
    });
  }
}

function checked<A extends PartitionAnswer>(
  { principal }: Connection,
  answer: A,
  call: { what: string; operation: string },
): A {
  const { errorCode, topic, partition } = answer;
  if (errorCode === 0) return answer;
  throw toMillraceError(errorCode, call.what, { topic, partition, operation: call.operation, principal });
}

function noLeader({ topic, partition }: TopicPartition, { what }: { readonly what: string }): MillraceError {
  return new MillraceError('BROKER_UNREACHABLE', what, {
    topic,
    partition,
    found: 'no leader that answers for the partition',
    next: 'Check that the brokers holding its replicas run.',
  });
}
