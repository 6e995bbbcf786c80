import type { Clock } from '../../clock.ts';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { code, toMillraceError } from './protocol/errors.ts';
import { type AnsweredTopic, type Metadata, metadata } from './protocol/metadata.ts';
import { isLost } from './requestLost.ts';

/** ms for the answer of one broker; one that stands still is asked again, or has left by then. */
const patienceMs = 5_000;

/**
 * Resolves when every broker of the cluster shows topics as expected. Each hears of them in its own time, and whoever asks
 * later may ask any of them.
 */
export async function onEveryBroker(
  connection: Connection,
  clock: Clock,
  lane: string,
  names: readonly string[],
  asExpected: (topic: AnsweredTopic) => boolean,
): Promise<void> {
  const attempts = new Attempts(clock, connection.random, connection.requestTimeoutMs, connection.closed);
  for (;;) {
    if (await allShow(connection, lane, names, asExpected)) return;
    if (attempts.last) {
      throw toMillraceError(code.leaderNotAvailable, 'the brokers do not agree on which topics there are', {
        topic: names[0],
      });
    }
    await attempts.pause();
  }
}

async function allShow(
  connection: Connection,
  lane: string,
  names: readonly string[],
  asExpected: (topic: AnsweredTopic) => boolean,
): Promise<boolean> {
  const ask = (node: number): Promise<Metadata | undefined> =>
    connection.send(node, lane, metadata(names), patienceMs).catch((error: unknown) => {
      // Nobody else hears anything from it either.
      if (isLost(error)) return undefined;
      throw error;
    });
  const first = await connection.controller({ fresh: true });
  const answer = await ask(first);
  if (answer === undefined) return false;
  const others = answer.nodes.map(({ id }) => id).filter((id) => id !== first);
  const answers = [answer, ...(await Promise.all(others.map(ask)))];
  return answers.every((found) => found === undefined || found.topics.every(asExpected));
}
