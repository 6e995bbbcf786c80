import type { Clock } from '../../../clock.ts';
import { isAbort } from '../../isAbort.ts';
import type { Assignment, CommittedOffset, Member, MemberOptions, TopicPartition } from '../../transport.ts';
import type { Connection } from '../connection.ts';
import { RequestLost } from '../requestLost.ts';
import { commitOffsets } from './commitOffsets.ts';
import { type Entering, enterGroup } from './enterGroup.ts';
import { evictMember } from './evictMember.ts';
import { Heartbeats, type Verdict } from './heartbeats.ts';
import { hasLeft, leftBefore, overtaken, tooSlow } from './memberErrors.ts';

/** Why a member that has its partitions goes on no longer as it is. */
type Turn = Verdict | { readonly kind: 'leave' | 'closed' };

/** A member of a consumer group, eager: it lets go of everything before it joins again. `lane` is a socket name of its own. */
export function membership(
  connection: Connection,
  clock: Clock,
  options: MemberOptions,
  lane: string,
): Member {
  return new GroupMember(connection, clock, options, lane);
}

class GroupMember implements Member {
  readonly kind = 'member';
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #options: MemberOptions;
  readonly #lane: string;
  readonly #heartbeats: Heartbeats;
  readonly #first: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #leaving = new AbortController();
  #life: Promise<void> | undefined;
  #left: Promise<void> | undefined;
  #generation = -1;
  #lastGeneration = -1;
  #memberId = '';
  /** Asked to join again since the group was last told of this member. */
  #again = false;
  #turn: (turn: Turn) => void = () => {};
  /** What lost() threw. */
  #broken: { readonly error: unknown } | undefined;

  constructor(connection: Connection, clock: Clock, options: MemberOptions, lane: string) {
    this.#connection = connection;
    this.#clock = clock;
    this.#lane = lane;
    this.#options = options;
    this.#heartbeats = new Heartbeats(connection, clock, options, (verdict) => this.#hear(verdict));
    // join() hands it to whoever calls it; what fails later goes to failed().
    this.#first.promise.catch(() => {});
    connection.inUse.add(this);
  }

  get generation(): number {
    return this.#generation;
  }

  get memberId(): string {
    return this.#generation === -1 ? '' : this.#memberId;
  }

  get instanceId(): string | undefined {
    return this.#options.instanceId;
  }

  join(): Promise<void> {
    if (this.#leaving.signal.aborted) return Promise.reject(hasLeft(this.#options.group));
    this.#life ??= this.#live();
    return this.#first.promise;
  }

  rejoin(): void {
    this.#again = true;
    this.#turn({ kind: 'rebalance' });
  }

  commitOffsets(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    const { group, instanceId } = this.#options;
    const identity = { generation: this.#generation, memberId: this.#memberId, instanceId };
    return commitOffsets(this.#connection, this.#clock, { group, ...identity, offsets });
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave().finally(() => this.#connection.inUse.delete(this));
    return this.#left;
  }

  /** As part of its transport. */
  close(): Promise<void> {
    return this.leave();
  }

  async #live(): Promise<void> {
    const { signal } = this.#leaving;
    const { closed } = this.#connection;
    const cutOff = () => this.#turn({ kind: 'closed' });
    closed.addEventListener('abort', cutOff, { once: true });
    try {
      while (!signal.aborted) {
        const assignment = await this.#enter(signal);
        if (!this.#again && !signal.aborted) await this.#stay(assignment);
      }
    } catch (error) {
      if (error !== signal.reason) await this.#fail(error as Error);
    } finally {
      closed.removeEventListener('abort', cutOff);
    }
  }

  async #enter(signal: AbortSignal): Promise<Assignment> {
    this.#generation = -1;
    const entering: Entering = {
      connection: this.#connection,
      clock: this.#clock,
      options: this.#options,
      lane: this.#lane,
      heartbeats: this.#heartbeats,
      userData: () => {
        this.#again = false;
        return this.#options.metadata();
      },
      signal,
      memberId: this.#memberId,
      generation: this.#lastGeneration,
    };
    try {
      const { generation, assignment } = await enterGroup(entering);
      this.#lastGeneration = generation;
      this.#generation = generation;
      return assignment;
    } finally {
      this.#memberId = entering.memberId;
    }
  }

  /** From one assignment to the moment when nothing of it is held any more. */
  async #stay(assignment: Assignment): Promise<void> {
    const handing = new AbortController();
    const turned = Promise.withResolvers<Turn>();
    this.#turn = turned.resolve;
    const handed = this.#hand(assignment, handing.signal);
    this.#first.resolve();
    const turn = await turned.promise;
    handing.abort(overtaken(this.#options.group, turn.kind));
    this.#connection.closed.throwIfAborted();
    await handed;
    if (turn.kind === 'failed') throw turn.reason;
    // The group may have given the member up in the meantime.
    if (this.#generation !== -1) await this.#letGo(turn);
    if (this.#broken !== undefined) throw this.#broken.error;
    this.#turn = () => {};
  }

  /** What goes wrong in assigned() ends the member, but for having been told to stop. */
  async #hand(assignment: Assignment, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.assigned(assignment, signal);
    } catch (error) {
      if (signal.aborted && isAbort(error, signal)) return;
      this.#broken = { error };
      this.#turn({ kind: 'failed', reason: error as Error });
    }
  }

  /** The group waits for this member no longer than the rebalance timeout. */
  async #letGo(turn: Turn): Promise<void> {
    const { rebalanceTimeoutMs, group } = this.#options;
    const givenUp = () => this.#lose(tooSlow(group, rebalanceTimeoutMs), false);
    const inTime = turn.kind === 'leave' ? () => {} : this.#clock.after(rebalanceTimeoutMs, givenUp);
    try {
      await this.#options.revoked();
    } finally {
      inTime();
    }
  }

  #hear(verdict: Verdict): void {
    if (verdict.kind === 'lost') this.#lose(verdict.reason, verdict.forgotten);
    this.#turn(verdict);
  }

  #lose(reason: Error, forgotten: boolean): void {
    if (this.#generation === -1) return;
    this.#generation = -1;
    if (forgotten) this.#memberId = '';
    this.#heartbeats.stop();
    try {
      this.#options.lost(reason);
    } catch (error) {
      this.#broken = { error };
    }
  }

  async #leave(): Promise<void> {
    this.#leaving.abort(new Error('leaving'));
    this.#turn({ kind: 'leave' });
    if (this.#life === undefined) return;
    await this.#life;
    this.#first.reject(leftBefore(this.#options.group)); // unless it has joined
    await this.#depart();
  }

  async #fail(reason: Error): Promise<void> {
    this.#first.reject(reason);
    this.#heartbeats.stop();
    const { closed } = this.#connection;
    if (closed.aborted) return;
    // Where the coordinator does not take the farewell either, the session ends by itself.
    await this.#depart().catch(() => {});
    if (!closed.aborted) this.#options.failed(reason);
  }

  async #depart(): Promise<void> {
    const memberId = this.#memberId;
    const { group, instanceId, sessionTimeoutMs } = this.#options;
    this.#heartbeats.stop();
    this.#generation = -1;
    this.#memberId = '';
    try {
      if (memberId === '' || instanceId !== undefined) return;
      const withinMs = Math.min(sessionTimeoutMs, 5000);
      await evictMember(this.#connection, this.#clock, group, { memberId }, withinMs);
    } catch (error) {
      // Without an answer the group notices by itself when the session ends.
      if (!(error instanceof RequestLost)) throw error;
    } finally {
      this.#connection.release(this.#lane);
    }
  }
}
