import type { Clock } from '../../../clock.ts';
import type { MemberOptions } from '../../transport.ts';
import { backoffMs } from '../backoff.ts';
import type { Connection } from '../connection.ts';
import { code, errorName, isRetriable, toMillraceError } from '../protocol/errors.ts';
import { heartbeat } from '../protocol/heartbeat.ts';
import { isLost } from '../requestLost.ts';
import { instanceFenced } from './memberErrors.ts';

/** What the coordinator makes of a member. 'rebalance' is said again at each beat until the member has joined anew. */
export type Verdict =
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'lost'; readonly reason: Error; readonly forgotten: boolean }
  | { readonly kind: 'failed'; readonly reason: Error };

interface Identity {
  readonly generation: number;
  readonly memberId: string;
}

/** One for all members of a connection: these are answered at once. */
const lane = 'heartbeat';

/** Tells the coordinator at regular times that the member lives, whatever else the member does. */
export class Heartbeats {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #options: MemberOptions;
  readonly #told: (verdict: Verdict) => void;
  #identity: Identity | undefined;
  #failures = 0;
  #cancel = () => {};

  constructor(
    connection: Connection,
    clock: Clock,
    options: MemberOptions,
    told: (verdict: Verdict) => void,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#options = options;
    this.#told = told;
  }

  start(identity: Identity): void {
    this.stop();
    this.#identity = identity;
    this.#failures = 0;
    this.#schedule(identity, this.#options.heartbeatIntervalMs);
  }

  stop(): void {
    this.#identity = undefined;
    this.#cancel();
  }

  #schedule(identity: Identity, ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      this.#beat(identity).then(
        (next) => {
          if (this.#identity === identity) this.#schedule(identity, next);
        },
        (reason: Error) => this.#end(identity, { kind: 'failed', reason }),
      );
    });
  }

  /** Resolves with the pause before the next. */
  async #beat(identity: Identity): Promise<number> {
    const { group, instanceId, heartbeatIntervalMs, sessionTimeoutMs } = this.#options;
    const { generation, memberId } = identity;
    try {
      const node = await this.#connection.coordinator('group', group, { fresh: this.#failures > 0 });
      // Answers later than this are no use: another coordinator has to be found while the session lasts.
      const { errorCode } = await this.#connection.send(
        node,
        lane,
        heartbeat(group, generation, memberId, instanceId),
        sessionTimeoutMs / 2,
      );
      if (isRetriable(errorCode)) return this.#soon();
      this.#failures = 0;
      this.#judge(identity, errorCode);
      return heartbeatIntervalMs;
    } catch (error) {
      if (isLost(error)) return this.#soon();
      throw error;
    }
  }

  #soon(): number {
    return backoffMs(this.#failures++, this.#connection.random);
  }

  #judge(identity: Identity, errorCode: number): void {
    const { group } = this.#options;
    switch (errorCode) {
      case code.none:
        return;
      case code.rebalanceInProgress:
        if (this.#identity === identity) this.#told({ kind: 'rebalance' });
        return;
      case code.unknownMemberId:
      case code.illegalGeneration: {
        const reason = toMillraceError(errorCode, `group ${group} has given this member up`, { group });
        this.#end(identity, { kind: 'lost', reason, forgotten: errorCode === code.unknownMemberId });
        return;
      }
      case code.fencedInstanceId: {
        const reason = instanceFenced(group, this.#options.instanceId);
        this.#end(identity, { kind: 'failed', reason });
        return;
      }
      default: {
        const { principal } = this.#connection;
        const what = `group ${group} refuses this member (${errorName(errorCode)})`;
        const reason = toMillraceError(errorCode, what, { group, operation: 'Read', principal });
        this.#end(identity, { kind: 'failed', reason });
      }
    }
  }

  #end(identity: Identity, verdict: Verdict): void {
    if (this.#identity !== identity) return;
    this.stop();
    this.#told(verdict);
  }
}
