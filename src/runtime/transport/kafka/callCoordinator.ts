import { type Clock, delay } from '../../clock.ts';
import type { TopicPartition } from '../transport.ts';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { type Asked, code } from './protocol/errors.ts';
import type { CoordinatorKind } from './protocol/findCoordinator.ts';
import type { Request } from './protocol/request.ts';
import { isRepeatable, refused, remedyOf, type TransactionApi } from './protocol/transactionErrors.ts';
import { isLost, RequestLost } from './requestLost.ts';
import { unlessAborted } from './unlessAborted.ts';

/** One request of a transactional producer to a coordinator. */
export interface TransactionCall<T> {
  readonly api: Exclude<TransactionApi, 'FindCoordinator' | 'Produce'>;
  readonly kind: CoordinatorKind;
  readonly key: string;
  readonly request: Request<T>;
  readonly failure: (answer: T) => Failure;
  /** false: a request that may have arrived is not sent again, for it could still take effect, and at a wrong time. */
  readonly repeatable: boolean;
  /** For the message of an error: 'the transaction was not committed'. */
  readonly what: string;
  readonly asked: Asked;
  /** Ends the repeating, not an attempt that is under way. */
  readonly signal: AbortSignal | undefined;
  /** Ends everything, the attempt under way included, which counts as lost. */
  readonly givenUp?: AbortSignal;
}

/** What an answer comes to, and of which partition it is said. */
export interface Failure extends Partial<TopicPartition> {
  readonly errorCode: number;
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
  let soon = false;
  for (;;) {
    call.signal?.throwIfAborted();
    try {
      const node = await waiting(connection.coordinator(call.kind, call.key, { fresh }), call.givenUp, false);
      const answer = await waiting(connection.send(node, lane, call.request), call.givenUp, true);
      const { errorCode, topic, partition } = call.failure(answer);
      if (errorCode === code.none) return answer;
      const remedy = remedyOf(call.api, errorCode);
      if (attempts.last || !isRepeatable(remedy)) {
        const place = topic === undefined ? {} : { topic, partition };
        throw refused(call.api, errorCode, call.what, {
          ...call.asked,
          ...place,
          principal: connection.principal,
        });
      }
      fresh = remedy === 'refresh';
      soon = remedy === 'wait';
    } catch (error) {
      if (!isLost(error) || attempts.last || call.givenUp?.aborted === true) throw error;
      if (error.mayHaveArrived && !call.repeatable) throw error;
      fresh = true;
      soon = false;
    }
    if (!soon) await attempts.pause();
    else {
      await delay(clock, pauseMs, call.signal);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }
}

function waiting<T>(work: Promise<T>, givenUp: AbortSignal | undefined, isSent: boolean): Promise<T> {
  if (givenUp === undefined) return work;
  return unlessAborted(work, givenUp).catch((error) => {
    if (error !== givenUp.reason) throw error;
    throw new RequestLost('BROKER_UNREACHABLE', 'nobody waits for the answer any more', isSent);
  });
}
