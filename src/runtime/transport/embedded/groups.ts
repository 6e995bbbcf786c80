import type { Assignment, MemberIdentity, OffsetsToCommit } from '../transport.ts';
import type { Broker } from './broker.ts';
import { CommittedOffsets, kept } from './committedOffsets.ts';
import { Group } from './group.ts';
import { longestMetadata, longestSession, metadataTooLong, refused, sessionTooLong } from './groupErrors.ts';
import type { Identity, Joined, JoinRequest, Refusal } from './groupProtocol.ts';

/** The group coordinator: all groups, by name. */
export class Groups {
  readonly offsets: CommittedOffsets = new CommittedOffsets();
  readonly #broker: Broker;
  readonly #groups = new Map<string, Group>();
  #memberIds = 0;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  newMemberId(clientId: string): string {
    return `${clientId}-${++this.#memberIds}`;
  }

  join(group: string, request: JoinRequest): Promise<Joined | Refusal> {
    if (request.sessionTimeoutMs > longestSession)
      return Promise.reject(sessionTooLong(request.sessionTimeoutMs));
    return new Promise((resolve) => this.#group(group).join(request, resolve));
  }

  sync(
    group: string,
    identity: Identity,
    generation: number,
    assignments: ReadonlyMap<string, Assignment> | undefined,
  ): Promise<Assignment | Refusal> {
    return new Promise((resolve) => this.#group(group).sync(identity, generation, assignments, resolve));
  }

  heartbeat(group: string, identity: Identity, generation: number): Refusal | undefined {
    return this.#group(group).heartbeat(identity, generation);
  }

  leave(group: string, member: MemberIdentity): void {
    this.#group(group).leave(member);
  }

  commit(commit: OffsetsToCommit): void {
    this.#check(commit, false);
    const { group, offsets } = commit;
    this.#broker.storage.write(offsets.map((one) => kept(group, one)));
    this.offsets.set(group, offsets);
  }

  /** Keeps positions until the transaction of the producer ends. */
  sendOffsets(producerId: number, commit: OffsetsToCommit): void {
    this.#check(commit, true);
    this.offsets.pend(commit.group, producerId, commit.offsets);
  }

  #check(
    { group, memberId, instanceId, generation, offsets }: OffsetsToCommit,
    isTransactional: boolean,
  ): void {
    const refusal = this.#group(group).commitRefusal({ memberId, instanceId }, generation, isTransactional);
    if (refusal !== undefined) throw refused(group, refusal);
    for (const one of offsets) {
      this.#broker.topics.partition(one);
      if (one.metadata.length > longestMetadata) throw metadataTooLong(one);
    }
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new Group(this.#broker.clock);
      this.#groups.set(name, group);
    }
    return group;
  }
}
