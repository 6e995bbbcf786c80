import type { Clock } from '../../../../src/runtime/clock.ts';
import { code } from '../../../../src/runtime/transport/kafka/protocol/errors.ts';
import type { ModelLog } from './modelLog.ts';

interface KnownTransaction {
  readonly producerId: number;
  epoch: number;
  state: 'empty' | 'ongoing' | 'completing';
  readonly logs: Set<ModelLog>;
  readonly groups: Set<string>;
  /** Positions by group, that count with the commit. */
  readonly offsets: Map<string, Map<string, number>>;
}

export interface Who {
  readonly id: string;
  readonly producerId: number;
  readonly epoch: number;
}

/** Transactions and committed positions of the model, with one state for each transactional id. */
export class ModelCoordinator {
  readonly committed: Map<string, number> = new Map();
  /** ms between a decision and its markers. */
  markerMs = 3;
  /** Topics so new that the coordinator has not heard of them. */
  readonly unheard: Set<string> = new Set();
  readonly #clock: Clock;
  readonly #known = new Map<string, KnownTransaction>();
  #nextProducerId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `before`: the producer that asks to go on with a new epoch, if it is not below zero. */
  init(id: string | null, before: Omit<Who, 'id'>): { errorCode: number; producerId: number; epoch: number } {
    if (id === null) return { errorCode: code.none, producerId: this.#nextProducerId++, epoch: 0 };
    const known = this.#known.get(id);
    if (known === undefined) {
      const producerId = this.#nextProducerId++;
      const rest = { logs: new Set<ModelLog>(), groups: new Set<string>(), offsets: new Map() };
      this.#known.set(id, { producerId, epoch: 0, state: 'empty', ...rest });
      return { errorCode: code.none, producerId, epoch: 0 };
    }
    const isOlder = before.producerId >= 0 && before.epoch !== known.epoch;
    if (isOlder) return { errorCode: code.producerFenced, producerId: -1, epoch: -1 };
    if (known.state !== 'empty') {
      if (known.state === 'ongoing') {
        known.epoch++;
        this.#decide(known, 'abort');
      }
      return { errorCode: code.concurrentTransactions, producerId: -1, epoch: -1 };
    }
    known.epoch++;
    return { errorCode: code.none, producerId: known.producerId, epoch: known.epoch };
  }

  addPartitions(who: Who, logs: readonly ModelLog[]): number {
    return this.#join(who, (known) => {
      for (const log of logs) {
        known.logs.add(log);
        log.enrolled.add(known.producerId);
      }
    });
  }

  addOffsets(who: Who, group: string): number {
    return this.#join(who, (known) => known.groups.add(group));
  }

  commitOffsets(who: Who, group: string, offsets: ReadonlyMap<string, number>): number {
    const known = this.#known.get(who.id);
    if (known === undefined || who.epoch < known.epoch) return code.invalidProducerEpoch;
    if (!known.groups.has(group)) return 48; // INVALID_TXN_STATE
    known.offsets.set(group, new Map([...(known.offsets.get(group) ?? []), ...offsets]));
    return code.none;
  }

  end(who: Who, how: 'commit' | 'abort'): number {
    const known = this.#known.get(who.id);
    if (known === undefined || who.epoch < known.epoch) return code.invalidProducerEpoch;
    if (known.state === 'completing') return code.concurrentTransactions;
    if (known.state === 'empty') return 48; // INVALID_TXN_STATE
    this.#decide(known, how);
    return code.none;
  }

  #join(who: Who, add: (known: KnownTransaction) => void): number {
    const known = this.#known.get(who.id);
    if (known === undefined || who.epoch < known.epoch) return code.invalidProducerEpoch;
    if (known.state === 'completing') return code.concurrentTransactions;
    known.state = 'ongoing';
    add(known);
    return code.none;
  }

  #decide(known: KnownTransaction, how: 'commit' | 'abort'): void {
    known.state = 'completing';
    this.#clock.after(this.markerMs, () => {
      for (const log of known.logs) log.mark(known.producerId, known.epoch, how);
      if (how === 'commit') {
        for (const [group, offsets] of known.offsets) {
          for (const [partition, offset] of offsets) this.committed.set(`${group} ${partition}`, offset);
        }
      }
      known.logs.clear();
      known.groups.clear();
      known.offsets.clear();
      known.state = 'empty';
    });
  }
}
