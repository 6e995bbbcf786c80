import { code } from '../../../../src/runtime/transport/kafka/protocol/errors.ts';
import type { AskedPartition, FetchRequest, Reply } from './modelFetch.ts';

/** An error that is the whole answer to a fetch. */
export class FetchRefused extends Error {
  readonly errorCode: number;

  constructor(errorCode: number) {
    super(`fetch session error ${errorCode}`);
    this.errorCode = errorCode;
  }
}

interface Kept {
  epoch: number;
  readonly partitions: Map<string, { asked: AskedPartition; saidEnd: number | undefined }>;
}

interface OpenSession {
  readonly id: number;
  readonly asked: readonly AskedPartition[];
  /** Is it to be said in the answer? Records are, errors are, and a changed end; without a session everything is. */
  isNews(reply: Reply, records: Buffer): boolean;
}

/** The fetch sessions of one node, kept as KIP-227 says. */
export class ModelSessions {
  /** How many it keeps at most. */
  limit = 1000;
  readonly #kept = new Map<number, Kept>();
  #lastId = 0;

  get count(): number {
    return this.#kept.size;
  }

  /** As a broker does that needs the room, or was started anew. */
  forgetAll(): void {
    this.#kept.clear();
  }

  open({ sessionId, sessionEpoch, asked, forgotten }: FetchRequest): OpenSession {
    if (sessionEpoch === 0 || sessionEpoch === -1) {
      this.#kept.delete(sessionId);
      if (sessionEpoch === -1 || this.#kept.size >= this.limit) return { id: 0, asked, isNews: () => true };
      const partitions = new Map(asked.map((one) => [keyOf(one), { asked: one, saidEnd: undefined }]));
      this.#lastId++;
      this.#kept.set(this.#lastId, { epoch: 1, partitions });
      return this.#serve(this.#lastId, this.#kept.get(this.#lastId)!);
    }
    const kept = this.#kept.get(sessionId);
    if (kept === undefined) throw new FetchRefused(code.fetchSessionIdNotFound);
    if (kept.epoch !== sessionEpoch) throw new FetchRefused(code.invalidFetchSessionEpoch);
    kept.epoch++;
    for (const one of asked) {
      const known = kept.partitions.get(keyOf(one));
      kept.partitions.set(keyOf(one), { asked: one, saidEnd: known?.saidEnd });
    }
    // After what is asked for, as brokers do: who forgets and asks at once has forgotten.
    for (const one of forgotten) kept.partitions.delete(keyOf(one));
    return this.#serve(sessionId, kept);
  }

  #serve(id: number, { partitions }: Kept): OpenSession {
    const asked = [...partitions.values()].map((one) => one.asked);
    const isNews = (reply: Reply, records: Buffer): boolean => {
      const kept = partitions.get(keyOf(reply))!;
      const isNew = records.length > 0 || reply.errorCode !== 0 || kept.saidEnd !== reply.end;
      kept.saidEnd = reply.errorCode === 0 ? reply.end : undefined;
      if (records.length > 0) {
        // Whoever was served comes last at the next turn.
        partitions.delete(keyOf(reply));
        partitions.set(keyOf(reply), kept);
      }
      return isNew || reply.isNews;
    };
    return { id, asked, isNews };
  }
}

function keyOf({ topicId, partition }: { readonly topicId: string; readonly partition: number }): string {
  return `${topicId}-${partition}`;
}
