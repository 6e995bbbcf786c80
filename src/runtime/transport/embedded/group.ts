import type { Clock } from '../../clock.ts';
import type { Assignment, MemberIdentity } from '../transport.ts';
import type { Identity, Joined, JoinRequest, Refusal } from './groupProtocol.ts';

type Answer<T> = (answer: T | Refusal) => void;

interface GroupMember {
  readonly id: string;
  request: JoinRequest;
  /** While it waits for the others to join, or for the leader to assign; it counts as alive meanwhile. */
  joining: Answer<Joined> | undefined;
  syncing: Answer<Assignment> | undefined;
  assignment: Assignment;
  cancelSession: () => void;
}

const nothing: Assignment = { partitions: [], metadata: Buffer.alloc(0) };

/** One consumer group, as Kafka's coordinator keeps it: everybody joins, the leader assigns, everybody is told. */
export class Group {
  readonly #clock: Clock;
  readonly #members = new Map<string, GroupMember>();
  #state: 'empty' | 'preparing' | 'completing' | 'stable' = 'empty';
  #generation = 0;
  #leader: string | undefined;
  #cancelTimeout = (): void => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers when all members have joined, or those that have not were given up. */
  join(request: JoinRequest, answer: Answer<Joined>): void {
    const older = this.#static(request.instanceId);
    if (older !== undefined && older.id !== request.memberId) {
      if (request.isNew) this.#replace(older, request, answer);
      else answer('FENCED_INSTANCE_ID');
      return;
    }
    const known = this.#members.get(request.memberId);
    const member = known ?? this.#add(request);
    const isNews = known === undefined || request.force || !known.request.metadata.equals(request.metadata);
    member.request = request;
    member.cancelSession();
    const isWaitedFor = this.#state === 'preparing' || this.#state === 'empty';
    if (!isNews && !isWaitedFor && (this.#state === 'completing' || this.#leader !== member.id)) {
      this.#touch(member);
      answer(this.#joined(member));
      return;
    }
    member.joining = answer;
    if (this.#state === 'preparing') this.#completeIfAllJoined();
    else this.#rebalance();
  }

  /** Answers when the leader has assigned. */
  sync(
    identity: Identity,
    generation: number,
    assignments: ReadonlyMap<string, Assignment> | undefined,
    answer: Answer<Assignment>,
  ): void {
    const refusal = this.#refusal(identity, generation) ?? this.#rebalancing();
    if (refusal !== undefined) {
      answer(refusal);
      return;
    }
    const { memberId } = identity;
    const member = this.#members.get(memberId)!;
    member.cancelSession();
    member.syncing = answer;
    if (this.#state === 'completing' && memberId === this.#leader && assignments !== undefined) {
      this.#state = 'stable';
      this.#cancelTimeout();
      for (const one of this.#members.values()) one.assignment = assignments.get(one.id) ?? nothing;
    }
    if (this.#state === 'stable')
      for (const one of this.#members.values()) this.#answerSync(one, one.assignment);
  }

  heartbeat(identity: Identity, generation: number): Refusal | undefined {
    const refusal = this.#refusal(identity, generation);
    if (refusal !== undefined) return refusal;
    const member = this.#members.get(identity.memberId)!;
    if (member.joining === undefined && member.syncing === undefined) this.#touch(member);
    return this.#rebalancing();
  }

  leave(identity: MemberIdentity): void {
    const member =
      'memberId' in identity ? this.#members.get(identity.memberId) : this.#static(identity.instanceId);
    if (member !== undefined) this.#remove(member);
  }

  /** Of a commit. Those who commit without being members give no generation: their group must be empty. */
  commitRefusal(identity: Identity, generation: number, isTransactional: boolean): Refusal | undefined {
    if (generation < 0 && identity.memberId === '') {
      return isTransactional || this.#state === 'empty' ? undefined : 'UNKNOWN_MEMBER_ID';
    }
    const refusal = this.#refusal(identity, generation);
    if (refusal !== undefined) return refusal;
    return this.#state === 'completing' && !isTransactional ? 'REBALANCE_IN_PROGRESS' : undefined;
  }

  #refusal({ memberId, instanceId }: Identity, generation: number): Refusal | undefined {
    const named = this.#static(instanceId);
    if (named !== undefined && named.id !== memberId) return 'FENCED_INSTANCE_ID';
    if (!this.#members.has(memberId)) return 'UNKNOWN_MEMBER_ID';
    return generation === this.#generation ? undefined : 'ILLEGAL_GENERATION';
  }

  #rebalancing(): Refusal | undefined {
    return this.#state === 'preparing' ? 'REBALANCE_IN_PROGRESS' : undefined;
  }

  #static(instanceId: string | undefined): GroupMember | undefined {
    if (instanceId === undefined) return undefined;
    for (const member of this.#members.values()) if (member.request.instanceId === instanceId) return member;
    return undefined;
  }

  /** The place of a static member goes to whoever now has its name: in a stable group nobody else need know. */
  #replace(older: GroupMember, request: JoinRequest, answer: Answer<Joined>): void {
    const places = [...this.#members.values()];
    const wasLeader = this.#leader === older.id;
    this.#forget(older, 'FENCED_INSTANCE_ID');
    this.#members.clear();
    for (const one of places) {
      if (one === older) this.#add(request).assignment = older.assignment;
      else this.#members.set(one.id, one);
    }
    if (wasLeader) this.#leader = request.memberId;
    const member = this.#members.get(request.memberId)!;
    if (this.#state === 'stable') {
      this.#touch(member);
      // Its assignment waits for it: it is not to make another, although it may be the leader.
      answer({ generation: this.#generation, members: undefined });
      return;
    }
    member.joining = answer;
    if (this.#state === 'preparing') this.#completeIfAllJoined();
    else this.#rebalance();
  }

  #add(request: JoinRequest): GroupMember {
    const member: GroupMember = {
      id: request.memberId,
      request,
      joining: undefined,
      syncing: undefined,
      assignment: nothing,
      cancelSession: () => {},
    };
    this.#members.set(member.id, member);
    return member;
  }

  #rebalance(): void {
    for (const member of this.#members.values()) this.#answerSync(member, 'REBALANCE_IN_PROGRESS');
    this.#state = 'preparing';
    this.#cancelTimeout();
    this.#cancelTimeout = this.#clock.after(this.#longestRebalance(), () => this.#complete());
    this.#completeIfAllJoined();
  }

  #completeIfAllJoined(): void {
    for (const member of this.#members.values()) if (member.joining === undefined) return;
    this.#complete();
  }

  /** The next generation: of those who have joined in time. */
  #complete(): void {
    this.#cancelTimeout();
    for (const member of this.#members.values()) if (member.joining === undefined) this.#forget(member);
    this.#generation++;
    const [first] = this.#members.keys();
    this.#state = first === undefined ? 'empty' : 'completing';
    if (this.#leader === undefined || !this.#members.has(this.#leader)) this.#leader = first;
    if (first === undefined) return;
    this.#cancelTimeout = this.#clock.after(this.#longestRebalance(), () => this.#removeUnsynced());
    for (const member of this.#members.values()) {
      const answer = member.joining!;
      member.joining = undefined;
      this.#touch(member);
      answer(this.#joined(member));
    }
  }

  #joined({ id }: GroupMember): Joined {
    const everybody = [...this.#members.values()];
    const members = everybody.map((one) => ({ memberId: one.id, metadata: one.request.metadata }));
    return { generation: this.#generation, members: id === this.#leader ? members : undefined };
  }

  /** The leader has not assigned in time, or others have not asked what they got. */
  #removeUnsynced(): void {
    for (const member of this.#members.values()) if (member.syncing === undefined) this.#forget(member);
    this.#rebalance();
  }

  #answerSync(member: GroupMember, answer: Assignment | Refusal): void {
    const { syncing } = member;
    if (syncing === undefined) return;
    member.syncing = undefined;
    this.#touch(member);
    syncing(answer);
  }

  #touch(member: GroupMember): void {
    member.cancelSession();
    member.cancelSession = this.#clock.after(member.request.sessionTimeoutMs, () => this.#remove(member));
  }

  #remove(member: GroupMember): void {
    this.#forget(member);
    if (this.#state === 'preparing') this.#completeIfAllJoined();
    else this.#rebalance();
  }

  #forget(member: GroupMember, why: Refusal = 'UNKNOWN_MEMBER_ID'): void {
    member.cancelSession();
    this.#members.delete(member.id);
    member.joining?.(why);
    member.syncing?.(why);
  }

  #longestRebalance(): number {
    let longest = 0;
    for (const { request } of this.#members.values()) longest = Math.max(longest, request.rebalanceTimeoutMs);
    return longest;
  }
}
