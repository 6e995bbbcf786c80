import type { CommittedOffset, TopicPartition } from '../transport.ts';
import type { Change, StoredOffset } from './storage.ts';

type Offsets = readonly (TopicPartition & CommittedOffset)[];

/** The positions that groups have committed, and those that wait for their transaction to end. */
export class CommittedOffsets {
  readonly #committed = new Map<string, Map<string, CommittedOffset>>();
  /** By group, then by the producer whose transaction they are part of. */
  readonly #pending = new Map<string, Map<number, Offsets>>();
  readonly #waiting = new Set<() => void>();

  restore(stored: readonly StoredOffset[]): void {
    for (const offset of stored) this.set(offset.group, [offset]);
  }

  set(group: string, offsets: Offsets): void {
    const committed = this.#committed.get(group) ?? new Map<string, CommittedOffset>();
    this.#committed.set(group, committed);
    for (const one of offsets) committed.set(nameOf(one), { offset: one.offset, metadata: one.metadata });
  }

  pend(group: string, producerId: number, offsets: Offsets): void {
    const pending = this.#pending.get(group) ?? new Map<number, Offsets>();
    this.#pending.set(group, pending);
    pending.set(producerId, [...(pending.get(producerId) ?? []), ...offsets]);
  }

  /** What becomes visible when a producer's transaction is committed, as the storage is to keep it. */
  becoming(producerId: number, groups: Iterable<string>): Change[] {
    const changes: Change[] = [];
    for (const group of groups) {
      for (const one of this.#pending.get(group)?.get(producerId) ?? []) changes.push(kept(group, one));
    }
    return changes;
  }

  decide(producerId: number, groups: Iterable<string>, how: 'commit' | 'abort'): void {
    for (const group of groups) {
      const pending = this.#pending.get(group);
      const offsets = pending?.get(producerId) ?? [];
      pending?.delete(producerId);
      if (how === 'commit') this.set(group, offsets);
    }
    for (const wake of this.#waiting) wake();
  }

  forgetTopic(topic: string): void {
    const suffix = `:${topic}`;
    for (const committed of this.#committed.values()) {
      for (const name of committed.keys()) if (name.endsWith(suffix)) committed.delete(name);
    }
  }

  /** Waits until no transaction is open that may change the answer. */
  async fetch(
    group: string,
    partitions: readonly TopicPartition[],
    gone: AbortSignal,
  ): Promise<(CommittedOffset | undefined)[]> {
    const names = partitions.map(nameOf);
    while (!gone.aborted && this.#isPending(group, names)) await this.#decision(gone);
    const committed = this.#committed.get(group);
    return names.map((name) => committed?.get(name));
  }

  #isPending(group: string, names: readonly string[]): boolean {
    for (const offsets of this.#pending.get(group)?.values() ?? []) {
      if (offsets.some((one) => names.includes(nameOf(one)))) return true;
    }
    return false;
  }

  #decision(gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      gone.addEventListener('abort', done, { once: true });
    });
  }
}

export function kept(group: string, { topic, partition, offset, metadata }: Offsets[number]): Change {
  return { kind: 'offset', group, topic, partition, offset, metadata };
}

/** A partition number has no colon, so that the topic's name is all that follows the first. */
function nameOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}
