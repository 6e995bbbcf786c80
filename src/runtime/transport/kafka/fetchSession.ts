import type { FetchPartition, FetchSessionStep } from './protocol/fetch.ts';

/** A partition to be asked for, by the id of its topic. */
export interface WantedPartition extends FetchPartition {
  readonly topicId: string;
}

interface Sent {
  wanted: WantedPartition;
  /** Number of the request that named it last. */
  step: number;
}

/** Below so many partitions a request that names them all is as small, and the broker has nothing to keep. */
const worthASession = 16;

/**
 * What one broker has been told of the partitions it is asked for, so that a request need only say what is new (KIP-227).
 * One request at a time: what the broker keeps is known again only when it has answered.
 */
export class FetchSession {
  /** By topic id and partition. */
  readonly #sent = new Map<string, Sent>();
  #id = 0;
  #epoch = 0;
  #step = 0;

  /** What to send so that the broker looks for these and no others. */
  next(wanted: readonly WantedPartition[]): FetchSessionStep {
    this.#step++;
    if (this.#epoch === 0) return this.#everything(wanted);
    const changed: WantedPartition[] = [];
    for (const one of wanted) {
      const key = keyOf(one);
      const sent = this.#sent.get(key);
      if (sent === undefined) {
        this.#sent.set(key, { wanted: one, step: this.#step });
        changed.push(one);
        continue;
      }
      if (!isSame(sent.wanted, one)) changed.push(one);
      sent.wanted = one;
      sent.step = this.#step;
    }
    const forgotten = this.#sent.size > wanted.length ? this.#forget() : [];
    return { id: this.#id, epoch: this.#epoch, topics: byTopicId(changed), forgotten };
  }

  /** The broker has answered without error, and keeps what it was told under this id; 0: it keeps nothing. */
  answered(sessionId: number): void {
    if (sessionId === 0) this.forgotten();
    else {
      this.#id = sessionId;
      this.#epoch = this.#epoch === largestEpoch ? 1 : this.#epoch + 1;
    }
  }

  /** The broker has lost track, or may have: the next request names everything, and stands for a new session. */
  restart(): void {
    this.#epoch = 0;
    this.#sent.clear();
  }

  /** The broker says that it does not know the session. */
  forgotten(): void {
    this.#id = 0;
    this.restart();
  }

  /** Tells the broker that it need not keep the session; undefined: it keeps none. */
  end(): FetchSessionStep | undefined {
    return this.#id === 0 ? undefined : this.#unkept([]);
  }

  #everything(wanted: readonly WantedPartition[]): FetchSessionStep {
    if (wanted.length < worthASession) return this.#unkept(wanted);
    for (const one of wanted) this.#sent.set(keyOf(one), { wanted: one, step: this.#step });
    return { id: this.#id, epoch: 0, topics: byTopicId(wanted), forgotten: [] };
  }

  /** A request that stands for itself; with it the broker drops the session it may have kept. */
  #unkept(wanted: readonly WantedPartition[]): FetchSessionStep {
    const id = this.#id;
    this.forgotten();
    return { id, epoch: withoutSession, topics: byTopicId(wanted), forgotten: [] };
  }

  #forget(): [topicId: string, partitions: number[]][] {
    const gone: WantedPartition[] = [];
    for (const [key, { wanted, step }] of this.#sent) {
      if (step === this.#step) continue;
      this.#sent.delete(key);
      gone.push(wanted);
    }
    return byTopicId(gone).map(([topicId, partitions]) => [
      topicId,
      partitions.map(({ partition }) => partition),
    ]);
  }
}

const withoutSession = -1;
const largestEpoch = 0x7fff_ffff;

/** The request that stands for itself, where there is nothing to remember. */
export function unremembered(wanted: readonly WantedPartition[]): FetchSessionStep {
  return { id: 0, epoch: withoutSession, topics: byTopicId(wanted), forgotten: [] };
}

function keyOf({ topicId, partition }: WantedPartition): string {
  return `${topicId}-${partition}`;
}

function isSame(a: WantedPartition, b: WantedPartition): boolean {
  return (
    a.offset === b.offset &&
    a.maxBytes === b.maxBytes &&
    a.leaderEpoch === b.leaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch
  );
}

function byTopicId(
  partitions: readonly WantedPartition[],
): [topicId: string, partitions: WantedPartition[]][] {
  const topics = new Map<string, WantedPartition[]>();
  for (const partition of partitions) {
    const known = topics.get(partition.topicId);
    if (known === undefined) topics.set(partition.topicId, [partition]);
    else known.push(partition);
  }
  return [...topics];
}
