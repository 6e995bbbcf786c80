import type { Request } from './request.ts';

/** Says that a member lives; the answer says whether the group is stable. */
export function heartbeat(
  group: string,
  generation: number,
  memberId: string,
  instanceId?: string,
): Request<{ readonly errorCode: number }> {
  return {
    apiKey: 12,
    version: 3,
    body: (encoder) => {
      encoder.string(group).int32(generation).string(memberId);
      encoder.nullableString(instanceId ?? null);
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return { errorCode: decoder.int16() };
    },
  };
}
