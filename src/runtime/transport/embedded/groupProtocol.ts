import type { MemberMetadata } from '../transport.ts';

/** Why a group does not do what a member asks, in Kafka's words. */
export type Refusal =
  | 'UNKNOWN_MEMBER_ID'
  | 'ILLEGAL_GENERATION'
  | 'REBALANCE_IN_PROGRESS'
  | 'FENCED_INSTANCE_ID';

/** Who asks. */
export interface Identity {
  readonly memberId: string;
  readonly instanceId: string | undefined;
}

export interface JoinRequest extends Identity {
  /** The id has no place in the group yet: under an instanceId it takes the place of an older one. */
  readonly isNew: boolean;
  readonly metadata: Buffer;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Rebalance although nothing about the member is new to the group. */
  readonly force: boolean;
}

export interface Joined {
  readonly generation: number;
  /** All members where this one is the leader, who assigns; undefined elsewhere. */
  readonly members: readonly MemberMetadata[] | undefined;
}
