import { FetchSession, unremembered, type WantedPartition } from './fetchSession.ts';
import type { FetchSessionStep } from './protocol/fetch.ts';
import type { ReadPartition } from './readPartition.ts';

/** A request that is under way: the partitions it asks for belong to it until it is answered, or given up. */
export interface Flight {
  readonly node: number;
  readonly partitions: readonly ReadPartition[];
}

/** One request at a time to one node, on a socket of its own. */
export class FetchLane {
  readonly name: string;
  /** ms the broker may hold an answer back. */
  readonly maxWaitMs: number;
  busy = false;
  readonly #session: FetchSession | undefined;

  constructor(name: string, maxWaitMs: number, keepsSession: boolean) {
    this.name = name;
    this.maxWaitMs = maxWaitMs;
    this.#session = keepsSession ? new FetchSession() : undefined;
  }

  /** What to say of the partitions; `all`: the answer is to speak of each of them. */
  step(wanted: readonly WantedPartition[], all: boolean): FetchSessionStep {
    if (this.#session === undefined) return unremembered(wanted);
    if (all) this.#session.restart();
    return this.#session.next(wanted);
  }

  answered(sessionId: number): void {
    this.#session?.answered(sessionId);
  }

  /** `unknown`: the broker says that there is no such session. */
  lost(unknown = false): void {
    if (unknown) this.#session?.forgotten();
    else this.#session?.restart();
  }

  /** What to tell the broker when nothing is asked for any more. */
  end(): FetchSessionStep | undefined {
    return this.#session?.end();
  }
}
