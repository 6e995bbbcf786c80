import { delay } from '../../../src/runtime/clock.ts';
import type {
  Assignment,
  Member,
  MemberMetadata,
  MemberOptions,
  TopicPartition,
  Transport,
} from '../../../src/runtime/transport/transport.ts';
import type { ContractKit } from './contractKit.ts';

/** The shortest that Kafka allows by default. */
export const sessionTimeoutMs = 6_000;

/** A member whose life a test can follow. */
export interface Watched {
  readonly name: string;
  readonly member: Member;
  readonly transport: Transport;
  /** Partitions it holds now; undefined between two assignments. */
  held: readonly number[] | undefined;
  /** Members that it was shown, as the leader, at each assign(). */
  readonly led: (readonly MemberMetadata[])[];
  readonly lost: Error[];
  readonly failed: Error[];
}

export interface Watching {
  readonly kit: ContractKit;
  readonly group: string;
  readonly topic: string;
  /** What happens to all its members, in order: 'a assigned 0,1', 'a revoking', 'a revoked', 'a lost'. */
  readonly log: string[];
}

/** A member that shares the partitions of a topic with the others; its callbacks may be replaced. */
export async function watch(
  { kit, group, topic, log }: Watching,
  name: string,
  own: Partial<MemberOptions> = {},
): Promise<Watched> {
  const transport = await kit.transport(name);
  const watched: Watched = {
    name,
    transport,
    held: undefined,
    led: [],
    lost: [],
    failed: [],
    member: undefined!,
  };
  const options: MemberOptions = {
    group,
    topics: [topic],
    sessionTimeoutMs,
    rebalanceTimeoutMs: 30_000,
    heartbeatIntervalMs: 200,
    metadata: () => Buffer.from(name),
    lost: (error) => {
      log.push(`${name} lost`);
      watched.held = undefined;
      watched.lost.push(error);
    },
    failed: (error) => {
      watched.held = undefined;
      watched.failed.push(error);
    },
    ...own,
    async assign(members) {
      watched.led.push(members);
      return own.assign ? own.assign(members) : share(transport, topic, members);
    },
    async revoked() {
      log.push(`${name} revoking`);
      watched.held = undefined;
      await own.revoked?.();
      log.push(`${name} revoked`);
    },
    async assigned(assignment, signal) {
      watched.held = assignment.partitions.map(({ partition }) => partition);
      log.push(`${name} assigned ${watched.held.join()}`);
      await own.assigned?.(assignment, signal);
    },
  };
  return Object.assign(watched, { member: transport.member(options) });
}

/** In turn, by what the members have told of themselves. */
async function share(
  transport: Transport,
  topic: string,
  members: readonly MemberMetadata[],
): Promise<ReadonlyMap<string, Assignment>> {
  const [described] = await transport.admin.describe([topic]);
  const sorted = members.toSorted((a, b) => a.metadata.compare(b.metadata));
  const partitions = Array.from({ length: described!.partitions }, (_, partition) => ({ topic, partition }));
  return new Map(
    sorted.map(({ memberId, metadata }, index) => [
      memberId,
      { partitions: partitions.filter(({ partition }) => partition % sorted.length === index), metadata },
    ]),
  );
}

export async function watching(kit: ContractKit, partitions = 4): Promise<Watching> {
  const transport = await kit.transport();
  return { kit, group: kit.name('group'), topic: await kit.topic(transport, { partitions }), log: [] };
}

/** Until these members together hold every partition once, and each something. */
export async function shared(kit: ContractKit, members: readonly Watched[], partitions = 4): Promise<void> {
  const all = Array.from({ length: partitions }, (_, partition) => partition).join();
  await kit.eventually(() => {
    const held = members.map((one) => one.held ?? []);
    return held.every(({ length }) => length > 0) && held.flat().sort().join() === all;
  }, 40_000);
}

export function partitionsOf(topic: string, ...partitions: readonly number[]): TopicPartition[] {
  return partitions.map((partition) => ({ topic, partition }));
}

/** Until `ms` have passed or the signal says stop. */
export function pass(kit: ContractKit, ms: number, signal?: AbortSignal): Promise<void> {
  return delay(kit.clock, ms, signal);
}
