import type { MillraceError } from '../../../errors.ts';
import type { Assignment, OffsetsToCommit } from '../transport.ts';
import type { Broker } from './broker.ts';
import { CommittedOffsets, kept } from './committedOffsets.ts';
import { Group, type Joined, type JoinRequest, type Refusal } from './group.ts';
import { fenced } from './transactions.ts';

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
    return new Promise((resolve) => this.#group(group).join(request, resolve));
  }

  sync(
    group: string,
    memberId: string,
    generation: number,
    assignments: ReadonlyMap<string, Assignment> | undefined,
  ): Promise<Assignment | Refusal> {
    return new Promise((resolve) => this.#group(group).sync(memberId, generation, assignments, resolve));
  }

  heartbeat(group: string, memberId: string, generation: number): Refusal | undefined {
    return this.#group(group).heartbeat(memberId, generation);
  }

  leave(group: string, memberId: string): void {
    this.#group(group).leave(memberId);
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

  #check({ group, memberId, generation, offsets }: OffsetsToCommit, isTransactional: boolean): void {
    const refusal = this.#group(group).commitRefusal(memberId, generation, isTransactional);
    if (refusal !== undefined) throw refused(group, refusal);
    for (const one of offsets) this.#broker.topics.partition(one);
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

/** What a member is told whom the group no longer counts on. */
export function refused(group: string, refusal: Refusal): MillraceError {
  return fenced(`the group ${group} does not take this from a member that has lost its place (${refusal})`);
}
