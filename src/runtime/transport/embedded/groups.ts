import type { CommittedOffset, OffsetsToCommit, TopicPartition } from '../transport.ts';
import type { Broker } from './broker.ts';
import { CommittedOffsets, kept } from './committedOffsets.ts';

/** The group coordinator. */
export class Groups {
  readonly offsets: CommittedOffsets = new CommittedOffsets();
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  commit({ group, offsets }: OffsetsToCommit): void {
    this.#checkTopics(offsets);
    this.#broker.storage.write(offsets.map((one) => kept(group, one)));
    this.offsets.set(group, offsets);
  }

  /** Keeps positions until the transaction of the producer ends. */
  sendOffsets(producerId: number, { group, offsets }: OffsetsToCommit): void {
    this.#checkTopics(offsets);
    this.offsets.pend(group, producerId, offsets);
  }

  #checkTopics(offsets: readonly (TopicPartition & CommittedOffset)[]): void {
    for (const one of offsets) this.#broker.topics.partition(one);
  }
}
