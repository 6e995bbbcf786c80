import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { WritePartition } from './writePartition.ts';

/** Ends the waiting for a batch that is not acknowledged in time, also while a request with it is under way. */
export class DeliveryTimeout {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #active: ReadonlySet<WritePartition>;
  readonly #failed: (error: Error) => void;
  #cancel: (() => void) | undefined;

  /** `active`: the partitions that have batches. */
  constructor(
    clock: Clock,
    timeoutMs: number,
    active: ReadonlySet<WritePartition>,
    failed: (error: Error) => void,
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#active = active;
    this.#failed = failed;
  }

  /** To be called when a batch may have begun to wait. */
  watch(): void {
    if (this.#cancel !== undefined) return;
    const oldest = this.#oldest();
    if (oldest === undefined) return;
    const left = oldest.batches[0]!.readySince! + this.#timeoutMs - this.#clock.monotonic();
    this.#cancel = this.#clock.after(left, () => this.#look());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    this.#cancel = undefined;
    const oldest = this.#oldest();
    if (oldest === undefined) return;
    const age = this.#clock.monotonic() - oldest.batches[0]!.readySince!;
    if (age >= this.#timeoutMs) this.#failed(tooLate(oldest, age));
    else this.watch();
  }

  /** The partition whose first batch waits the longest. */
  #oldest(): WritePartition | undefined {
    let oldest: WritePartition | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const partition of this.#active) {
      const { readySince } = partition.batches[0]!;
      if (readySince === undefined || readySince >= since) continue;
      oldest = partition;
      since = readySince;
    }
    return oldest;
  }
}

function tooLate({ topic, partition, lastError, leader }: WritePartition, age: number): MillraceError {
  const unsaid = leader === undefined ? 'no leader of the partition' : 'no answer of the leader';
  return new MillraceError('DELIVERY_TIMEOUT', `records were not taken for ${Math.round(age)} ms`, {
    topic,
    partition,
    cause: lastError,
    found: lastError === undefined ? unsaid : undefined,
    next: 'Check that the brokers with the replicas of the partition run, and that enough are in sync; or raise deliveryTimeout.',
  });
}
