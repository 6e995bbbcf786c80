import type { Request } from './request.ts';

export interface JoinGroupOptions {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** '' to be given one. */
  readonly memberId: string;
  readonly instanceId?: string | undefined;
  /** Name of the way to assign; all members must share one. */
  readonly protocol: string;
  /** A ConsumerProtocol subscription. */
  readonly subscription: Buffer;
}

export interface JoinGroupAnswer {
  readonly errorCode: number;
  readonly generation: number;
  readonly leader: string;
  readonly memberId: string;
  /** Filled for the leader only. */
  readonly members: readonly { readonly memberId: string; readonly subscription: Buffer }[];
}

/** Answered when all members have joined, or the rebalance timeout is over. */
export function joinGroup(options: JoinGroupOptions): Request<JoinGroupAnswer> {
  return {
    apiKey: 11,
    version: 5,
    body: (encoder) => {
      encoder
        .string(options.group)
        .int32(options.sessionTimeoutMs)
        .int32(options.rebalanceTimeoutMs)
        .string(options.memberId)
        .nullableString(options.instanceId ?? null)
        .string('consumer')
        .array([options], ({ protocol, subscription }) => encoder.string(protocol).bytes(subscription));
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      const errorCode = decoder.int16();
      const generation = decoder.int32();
      decoder.string(); // protocol
      const leader = decoder.string();
      const memberId = decoder.string();
      const members = decoder.array(() => {
        const member = decoder.string();
        decoder.nullableString(); // group instance id
        return { memberId: member, subscription: decoder.bytes() };
      });
      return { errorCode, generation, leader, memberId, members };
    },
  };
}
