import type { Member } from './transport/transport.ts';

/**
 * What a worker process tells the supervisor that has started it, over the channel that Node gives parent and child: under which
 * name it is in which group, at each assignment. With that the supervisor can leave for it when it is dead.
 */
export interface Joined {
  readonly millrace: 'joined';
  readonly group: string;
  readonly memberId: string;
  readonly instanceId: string | undefined;
}

/** Set by the supervisor for its children: other parents are not to be bothered. */
export const supervisedName = 'MILLRACE_SUPERVISED';
/** The number of the worker among those of its supervisor, from 0. */
export const workerName = 'MILLRACE_WORKER';

const isSupervised = (): boolean => process.env[supervisedName] !== undefined && process.connected;

export function tellSupervisor(group: string, { memberId, instanceId }: Member): void {
  if (!isSupervised()) return;
  const joined: Joined = { millrace: 'joined', group, memberId, instanceId };
  // When the supervisor has gone between the look and the call, there is nobody left to tell.
  process.send?.(joined, undefined, undefined, () => {});
}

/** Calls when the supervisor has gone without stopping this process; the answer ends that. */
export function onSupervisorGone(call: () => void): () => void {
  if (!isSupervised()) return () => {};
  process.once('disconnect', call);
  process.channel?.unref(); // alone it does not keep the process alive
  return () => process.off('disconnect', call);
}

export function isJoined(message: unknown): message is Joined {
  return (
    typeof message === 'object' && message !== null && 'millrace' in message && message.millrace === 'joined'
  );
}
