import type { Request } from './request.ts';

export interface SyncGroupOptions {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId?: string | undefined;
  /** From the leader: a ConsumerProtocol assignment per member; from the others none. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

export interface SyncGroupAnswer {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

/** Answered when the leader has handed in everyone's assignment. */
export function syncGroup(options: SyncGroupOptions): Request<SyncGroupAnswer> {
  return {
    apiKey: 14,
    version: 3,
    body: (encoder) => {
      encoder
        .string(options.group)
        .int32(options.generation)
        .string(options.memberId)
        .nullableString(options.instanceId ?? null)
        .array([...options.assignments], ([memberId, assignment]) =>
          encoder.string(memberId).bytes(assignment),
        );
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return { errorCode: decoder.int16(), assignment: decoder.bytes() };
    },
  };
}
