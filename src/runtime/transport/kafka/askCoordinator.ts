import type { Clock } from '../../clock.ts';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { isRetriable } from './protocol/errors.ts';
import type { Request } from './protocol/request.ts';
import { isLost } from './requestLost.ts';

export interface CoordinatorCall<T> {
  readonly group: string;
  readonly lane: string;
  readonly request: Request<T>;
  /** What the answer says of the whole request; 0: done. */
  readonly errorCode: (answer: T) => number;
  /** ms one attempt may take. */
  readonly attemptTimeoutMs?: number;
  /** ms to go on repeating what may be repeated. */
  readonly timeoutMs: number;
}

/**
 * Asks the coordinator of a group, wherever it moves. Lost requests and retriable errors are repeated, so the request must
 * do no harm when it arrives twice. Resolves with the first answer that is final, or with the last when time is up.
 */
export async function askCoordinator<T>(
  connection: Connection,
  clock: Clock,
  call: CoordinatorCall<T>,
): Promise<T> {
  const { group, lane, request } = call;
  const attempts = new Attempts(clock, connection.random, call.timeoutMs, connection.closed);
  for (;;) {
    try {
      const node = await connection.coordinator('group', group, { fresh: attempts.repeated });
      const answer = await connection.send(node, lane, request, call.attemptTimeoutMs);
      if (attempts.last || !isRetriable(call.errorCode(answer))) return answer;
    } catch (error) {
      if (attempts.last || !isLost(error)) throw error;
    }
    await attempts.pause();
  }
}
