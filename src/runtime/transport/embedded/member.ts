import { isAbort } from '../isAbort.ts';
import type { Assignment, CommittedOffset, Member, MemberOptions, TopicPartition } from '../transport.ts';
import type { Broker } from './broker.ts';
import { type Connection, transportClosed } from './connection.ts';
import { Coordinator } from './coordinator.ts';
import { leftEarly, refused } from './groupErrors.ts';
import type { Identity, Joined, Refusal } from './groupProtocol.ts';
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
  /** The group has not answered a join under the id yet. */
  #isNew = true;
  #life: Promise<void> | undefined;
  readonly #first = Promise.withResolvers<void>();
  #isLeaving = false;
  #force = false;
  /** Set while an assignment is held. */
  #disturb: ((by: Disturbance) => void) | undefined;
  /** Handed to assigned(), and neither revoked nor lost since. */
  #isHolding = false;
  #isEntering = false;
  /** Static members give up waiting for the group without leaving it. */
  readonly #givenUp = Promise.withResolvers<Refusal>();
  /** What lost() threw, or that another has taken its place. */
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

  get instanceId(): string | undefined {
    return this.#options.instanceId;
  }

  get #identity(): Identity {
    return { memberId: this.#memberId, instanceId: this.#options.instanceId };
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
    await this.#coordinator.commit({ group, ...this.#identity, generation: this.#generation, offsets });
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#disturb?.('leave');
    // What it waits for in the group is answered when it is no longer there.
    if (this.#isEntering && this.#memberId !== '') await this.#sendLeave();
    this.#givenUp.resolve('REBALANCE_IN_PROGRESS');
    await this.#life;
    this.#connection.ended(this);
  }

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
      if (joined === 'FENCED_INSTANCE_ID') throw refused(this.#options.group, joined);
      if (typeof joined !== 'string') {
        this.#isNew = false;
        this.#generation = joined.generation;
        this.#heartbeats.start(this.#identity, joined.generation);
        const assignment = await this.#sync(joined);
        if (typeof assignment !== 'string') {
          this.#isEntering = false;
          return assignment;
        }
        if (assignment === 'FENCED_INSTANCE_ID') throw refused(this.#options.group, assignment);
        if (assignment === 'UNKNOWN_MEMBER_ID') this.#forgetPlace();
      } else if (joined === 'UNKNOWN_MEMBER_ID') this.#forgetPlace();
    }
    if (this.#memberId !== '') await this.#sendLeave();
    return undefined;
  }

  #join(): Promise<Joined | Refusal> {
    this.#heartbeats.stop();
    if (this.#memberId === '') {
      this.#memberId = this.#coordinator.newMemberId();
      this.#isNew = true;
    }
    const force = this.#force;
    this.#force = false;
    return this.#unlessGivenUp(this.#coordinator.join(this.#identity, this.#isNew, force));
  }

  async #sync({ generation, members }: Joined): Promise<Assignment | Refusal> {
    const identity = this.#identity;
    const assignments = members && (await this.#options.assign(members));
    const answer = await this.#unlessGivenUp(this.#coordinator.sync(identity, generation, assignments));
    return this.#memberId === identity.memberId ? answer : 'UNKNOWN_MEMBER_ID'; // given up meanwhile
  }

  #unlessGivenUp<T>(answer: Promise<T | Refusal>): Promise<T | Refusal> {
    if (this.#options.instanceId === undefined) return answer;
    return Promise.race([answer, this.#givenUp.promise]);
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
    if (refusal === 'FENCED_INSTANCE_ID') this.#broken = { error: refused(this.#options.group, refusal) };
    else this.#lose(refused(this.#options.group, refusal));
    this.#disturb?.('lost');
  }

  #lose(reason: Error): void {
    try {
      this.#options.lost(reason);
    } catch (error) {
      this.#broken = { error };
    }
  }

  #forgetPlace(): void {
    this.#memberId = '';
    this.#generation = -1;
  }

  /** A static member keeps its place. */
  async #sendLeave(): Promise<void> {
    const memberId = this.#memberId;
    this.#heartbeats.stop();
    if (this.#options.instanceId === undefined) await this.#coordinator.leave(memberId);
    if (this.#memberId === memberId) this.#forgetPlace();
  }
}
