import { MillraceError } from '../../../errors.ts';
import type { Assignment, CommittedOffset, Member, MemberOptions, TopicPartition } from '../transport.ts';
import type { Broker } from './broker.ts';
import { type Connection, transportClosed } from './connection.ts';
import { Coordinator } from './coordinator.ts';
import type { Joined, Refusal } from './group.ts';
import { refused } from './groups.ts';
import { Heartbeats } from './heartbeats.ts';

/** What ends the time in which a member holds an assignment. */
type Disturbance = 'rebalance' | 'lost' | 'leave' | 'crash';

/** A member of a group: joins, is assigned, holds it until something disturbs it, and joins again. */
export class EmbeddedMember implements Member {
  readonly #connection: Connection;
  readonly #options: MemberOptions;
  readonly #coordinator: Coordinator;
  readonly #heartbeats: Heartbeats;
  #generation = -1;
  #memberId = '';
  #life: Promise<void> | undefined;
  readonly #first = Promise.withResolvers<void>();
  #isLeaving = false;
  #force = false;
  /** Set while an assignment is held. */
  #disturb: ((by: Disturbance) => void) | undefined;
  /** Handed to assigned(), and neither revoked nor lost since. */
  #isHolding = false;
  #isEntering = false;
  /** What lost() threw. */
  #broken: { readonly error: unknown } | undefined;

  constructor(broker: Broker, connection: Connection, options: MemberOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#coordinator = new Coordinator(broker, connection, options);
    this.#heartbeats = new Heartbeats(connection, this.#coordinator, options.heartbeatIntervalMs, (refusal) =>
      this.#heard(refusal),
    );
    // join() hands on how the first time ends, to whoever calls it; later failures go to failed().
    this.#first.promise.catch(() => undefined);
    connection.opened(this);
  }

  get generation(): number {
    return this.#generation;
  }

  get memberId(): string {
    return this.#memberId;
  }

  async join(): Promise<void> {
    this.#connection.check();
    this.#life ??= this.#live();
    return this.#first.promise;
  }

  rejoin(): void {
    this.#force = true;
    this.#disturb?.('rebalance');
  }

  async commitOffsets(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    const { group } = this.#options;
    this.#connection.check();
    if (this.#memberId === '') throw refused(group, 'UNKNOWN_MEMBER_ID');
    const commit = { group, memberId: this.#memberId, generation: this.#generation, offsets };
    await this.#coordinator.commit(commit);
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#disturb?.('leave');
    // What it waits for in the group is answered when it is no longer there.
    if (this.#isEntering && this.#memberId !== '') await this.#sendLeave();
    await this.#life;
    this.#connection.ended(this);
  }

  /** As part of its transport. */
  close(): Promise<void> {
    return this.leave();
  }

  crashed(): void {
    this.#heartbeats.stop();
    this.#disturb?.('crash');
    this.#first.reject(transportClosed());
  }

  async #live(): Promise<void> {
    try {
      for (;;) {
        const assignment = await this.#enter();
        if (assignment === undefined) break;
        await this.#hold(assignment);
      }
      this.#first.reject(leftEarly());
    } catch (error) {
      await this.#fail(error as Error);
    }
    this.#heartbeats.stop();
    this.#forgetPlace();
  }

  /** Leaves, unless it is the connection that has ended: then nobody is told. */
  async #fail(error: Error): Promise<void> {
    this.#first.reject(error);
    this.#heartbeats.stop();
    const { closed } = this.#connection;
    const left = closed.aborted || this.#memberId === '' ? undefined : this.#sendLeave();
    await left?.catch((refusal) => {
      if (!closed.aborted) throw refusal;
    });
    if (!closed.aborted) this.#options.failed(error);
  }

  /** Joins until there is an assignment; undefined when it is to leave instead. */
  async #enter(): Promise<Assignment | undefined> {
    this.#isEntering = true;
    while (!this.#isLeaving) {
      const joined = await this.#join();
      if (typeof joined !== 'string') {
        this.#generation = joined.generation;
        this.#heartbeats.start(this.#memberId, joined.generation);
        const assignment = await this.#sync(joined);
        if (typeof assignment !== 'string') {
          this.#isEntering = false;
          return assignment;
        }
        if (assignment === 'UNKNOWN_MEMBER_ID') this.#forgetPlace();
      } else if (joined === 'UNKNOWN_MEMBER_ID') this.#forgetPlace();
    }
    if (this.#memberId !== '') await this.#sendLeave();
    return undefined;
  }

  #join(): Promise<Joined | Refusal> {
    this.#heartbeats.stop();
    if (this.#memberId === '') this.#memberId = this.#coordinator.newMemberId();
    const force = this.#force;
    this.#force = false;
    return this.#coordinator.join(this.#memberId, force);
  }

  async #sync({ generation, members }: Joined): Promise<Assignment | Refusal> {
    const memberId = this.#memberId;
    const assignments = members && (await this.#options.assign(members));
    return this.#coordinator.sync(memberId, generation, assignments);
  }

  /** From assigned() to revoked(), or until the group has given the member up. */
  async #hold(assignment: Assignment): Promise<void> {
    const aborting = new AbortController();
    const disturbance = Promise.withResolvers<Disturbance>();
    this.#disturb = disturbance.resolve;
    this.#isHolding = true;
    const assigned = this.#assigned(assignment, aborting.signal, disturbance.reject);
    this.#first.resolve();
    if (this.#isLeaving) disturbance.resolve('leave');
    else if (this.#force) disturbance.resolve('rebalance');
    try {
      const by = await disturbance.promise;
      this.#disturb = undefined;
      aborting.abort();
      await assigned;
      this.#connection.check();
      if (by !== 'lost' && this.#isHolding) await this.#options.revoked();
      if (this.#broken !== undefined) throw this.#broken.error;
    } finally {
      this.#disturb = undefined;
      aborting.abort();
      this.#isHolding = false;
    }
  }

  /** What goes wrong in it ends the member, but for having been told to stop. */
  async #assigned(
    assignment: Assignment,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void> {
    try {
      await this.#options.assigned(assignment, signal);
    } catch (error) {
      if (signal.aborted && isAbort(error, signal)) return;
      failed(error);
      if (signal.aborted) throw error;
    }
  }

  #heard(refusal: Refusal): void {
    if (refusal === 'REBALANCE_IN_PROGRESS') {
      this.#disturb?.('rebalance');
      return;
    }
    this.#heartbeats.stop();
    this.#forgetPlace();
    if (!this.#isHolding) return;
    this.#isHolding = false;
    try {
      this.#options.lost(refused(this.#options.group, refusal));
    } catch (error) {
      this.#broken = { error };
    }
    this.#disturb?.('lost');
  }

  #forgetPlace(): void {
    this.#memberId = '';
    this.#generation = -1;
  }

  async #sendLeave(): Promise<void> {
    const memberId = this.#memberId;
    this.#heartbeats.stop();
    await this.#coordinator.leave(memberId);
    if (this.#memberId === memberId) this.#forgetPlace();
  }
}

function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  if (!(error instanceof Error)) return false;
  return error === reason || error.cause === reason || error.name === 'AbortError';
}

function leftEarly(): MillraceError {
  return new MillraceError('NOT_RUNNING', 'the member left its group before it was assigned anything', {
    next: 'Join again with a new member.',
  });
}
