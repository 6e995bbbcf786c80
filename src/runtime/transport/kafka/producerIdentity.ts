import type { Clock } from '../../clock.ts';
import { Attempts } from './attempts.ts';
import { callCoordinator } from './callCoordinator.ts';
import type { Connection } from './connection.ts';
import type { ProducerSettings } from './producerSettings.ts';
import { code, isRetriable, toMillraceError } from './protocol/errors.ts';
import { initProducerId, type ProducerIdentity } from './protocol/initProducerId.ts';
import { isLost } from './requestLost.ts';

const what = 'the producer was not let in';

/**
 * Who a new producer is. With a transactional id this fences every older producer of it, and resolves when the last
 * transaction of theirs is decided and the decision stands in all its partitions.
 */
export async function producerIdentity(
  connection: Connection,
  clock: Clock,
  lane: string,
  { transactionalId, transactionTimeoutMs }: ProducerSettings,
): Promise<ProducerIdentity> {
  if (transactionalId === undefined) return anyIdentity(connection, clock, lane, transactionTimeoutMs);
  return callCoordinator(connection, clock, lane, {
    api: 'InitProducerId',
    kind: 'transaction',
    key: transactionalId,
    request: initProducerId(transactionalId, transactionTimeoutMs),
    failure: (answer) => answer,
    // Every further one makes a newer epoch, and the newest is the one that is used.
    repeatable: true,
    signal: undefined,
    what,
    asked: { transactionalId, operation: 'Write' },
  });
}

/** Any broker gives them out. */
async function anyIdentity(
  connection: Connection,
  clock: Clock,
  lane: string,
  timeoutMs: number,
): Promise<ProducerIdentity> {
  const attempts = new Attempts(clock, connection.random, 2 * connection.requestTimeoutMs);
  for (;;) {
    try {
      const node = await connection.controller({ fresh: attempts.repeated });
      const identity = await connection.send(node, lane, initProducerId(null, timeoutMs));
      if (identity.errorCode === code.none) return identity;
      if (attempts.last || !isRetriable(identity.errorCode)) {
        const { principal } = connection;
        throw toMillraceError(identity.errorCode, what, { operation: 'IdempotentWrite', principal });
      }
    } catch (error) {
      if (!isLost(error) || attempts.last) throw error;
    }
    await attempts.pause();
  }
}
