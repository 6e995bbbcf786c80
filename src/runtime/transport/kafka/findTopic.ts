import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { missingGraceMs } from './leaderSearch.ts';
import { isLost } from './requestLost.ts';

/** Resolves when the connection knows the topic. UNKNOWN_TOPIC. */
export async function findTopic(
  connection: Connection,
  clock: Clock,
  topic: string,
  timeoutMs: number,
): Promise<void> {
  const attempts = new Attempts(clock, connection.random, timeoutMs, connection.closed);
  const grace = new Attempts(clock, connection.random, missingGraceMs);
  for (;;) {
    try {
      const topics = await connection.topics([topic]);
      if (topics.has(topic)) return;
      if (grace.last) throw unknownTopic(topic);
    } catch (error) {
      if (!isLost(error) || attempts.last) throw error;
    }
    await attempts.pause();
  }
}

function unknownTopic(topic: string): MillraceError {
  return new MillraceError('UNKNOWN_TOPIC', 'records cannot be written to a topic that does not exist', {
    topic,
    next: `Create topic ${topic}, or correct its name.`,
  });
}
