import type { MemberIdentity } from '../../transport.ts';
import type { Request } from './request.ts';

/** Takes a member out of its group without waiting for the session to expire. */
export function leaveGroup(group: string, member: MemberIdentity): Request<{ readonly errorCode: number }> {
  const memberId = 'memberId' in member ? member.memberId : '';
  const instanceId = 'instanceId' in member ? member.instanceId : null;
  return {
    apiKey: 13,
    version: 3,
    body: (encoder) => {
      encoder.string(group).array([memberId], (id) => encoder.string(id).nullableString(instanceId));
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      const errorCode = decoder.int16();
      const members = decoder.array(() => {
        decoder.string(); // member id
        decoder.nullableString(); // group instance id
        return decoder.int16();
      });
      return { errorCode: errorCode === 0 ? (members[0] ?? 0) : errorCode };
    },
  };
}
