import { type Clock, delay } from '../../clock.ts';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { type Asked, code, isRetriable, toMillraceError } from './protocol/errors.ts';
import type { CoordinatorKind } from './protocol/findCoordinator.ts';
import type { Request } from './protocol/request.ts';
import { isLost } from './requestLost.ts';

/** One request of a transactional producer to a coordinator. */
export interface TransactionCall<T> {
  readonly kind: CoordinatorKind;
  readonly key: string;
  readonly request: Request<T>;
  readonly errorCode: (answer: T) => number;
  /** false: a request that may have arrived is not sent again, for it could still take effect, and at a wrong time. */
  readonly repeatable: boolean;
  /** For the message of an error: 'the transaction was not committed'. */
  readonly what: string;
  readonly asked: Asked;
  /** Which of the things asked for the error is about. */
  readonly blamed?: (answer: T) => Asked;
  /** Ends the repeating, not an attempt that is under way. */
  readonly signal: AbortSignal | undefined;
}

/** A transaction before this one is over within milliseconds, most of the time: ms to wait for it. */
const shortestPauseMs = 5;
const longestPauseMs = 20;

/**
 * Asks the coordinator, wherever it moves, until it has answered without error. Answers that are retriable errors were
 * given before the request had any effect, so it is repeated, for twice requestTimeoutMs. Rejects with RequestLost when
 * the answer is lost and repeating is not safe.
 */
export async function callCoordinator<T>(
  connection: Connection,
  clock: Clock,
  lane: string,
  call: TransactionCall<T>,
): Promise<T> {
  const attempts = new Attempts(clock, connection.random, 2 * connection.requestTimeoutMs, call.signal);
  let pauseMs = shortestPauseMs;
  let fresh = false;
  for (;;) {
    call.signal?.throwIfAborted();
    try {
      const node = await connection.coordinator(call.kind, call.key, { fresh });
      const answer = await connection.send(node, lane, call.request);
      const errorCode = call.errorCode(answer);
      if (errorCode === code.none) return answer;
      if (attempts.last || !isRetriable(errorCode)) {
        const { principal } = connection;
        throw toMillraceError(errorCode, call.what, { ...call.asked, ...call.blamed?.(answer), principal });
      }
      fresh = errorCode !== code.concurrentTransactions;
    } catch (error) {
      if (!isLost(error) || attempts.last) throw error;
      if (error.mayHaveArrived && !call.repeatable) throw error;
      fresh = true;
    }
    if (fresh) await attempts.pause();
    else {
      await delay(clock, pauseMs, call.signal);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }
}
