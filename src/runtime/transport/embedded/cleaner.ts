import type { Encoded } from '../../../dsl/codecs/codec.ts';
import { MillraceError } from '../../../errors.ts';
import type { Broker } from './broker.ts';
import { isHidden, type LogBatch } from './logBatch.ts';
import type { Partition } from './partition.ts';
import { Records } from './records.ts';
import type { Change } from './storage.ts';
import { isCleaned, type TopicSettings } from './topicSettings.ts';
import type { Topic } from './topics.ts';

/** ms between two rounds. */
const intervalMs = 30_000;

/** Compaction and retention, topic by topic, on a timer and when it is asked for. */
export class Cleaner {
  readonly #broker: Broker;
  /** End of each partition that has nothing more to clean before something new is written. */
  readonly #cleanTo = new WeakMap<Partition, number>();
  #cancel: (() => void) | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Cleans at intervals from now on. */
  start(): void {
    this.#isRunning = true;
    this.schedule();
  }

  /** Until it is started again. */
  pause(): void {
    this.#isRunning = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** For good: what is being cleaned is left as it is. */
  close(): void {
    this.pause();
    this.#isClosed = true;
  }

  /** The next round, where it runs and there are topics with something to clean. */
  schedule(): void {
    if (!this.#isRunning || ![...this.#broker.topics.all()].some(({ settings }) => isCleaned(settings)))
      return;
    this.#cancel ??= this.#broker.clock.after(intervalMs, () => {
      this.#cancel = undefined;
      void this.#round();
    });
  }

  async #round(): Promise<void> {
    try {
      await this.clean();
    } catch (error) {
      // The storage refuses, as it does to whoever writes; what is left is cleaned in another round.
      if (!(error instanceof MillraceError)) throw error;
    }
    this.schedule();
  }

  async clean(): Promise<void> {
    for (const topic of this.#broker.topics.all()) {
      if (!isCleaned(topic.settings)) continue;
      for (const partition of topic.partitions) {
        await this.#broker.clock.breathe();
        if (this.#isClosed) return;
        if (!partition.deleted) this.#cleanPartition(topic, partition);
      }
    }
  }

  #cleanPartition({ settings }: Topic, partition: Partition): void {
    if (settings.delete && settings.retentionMs >= 0) this.#retain(settings, partition);
    if (settings.compact && this.#cleanTo.get(partition) !== partition.end)
      this.#compact(settings, partition);
  }

  #retain({ retentionMs }: TopicSettings, partition: Partition): void {
    const oldest = this.#broker.clock.now() - retentionMs;
    let { start } = partition;
    for (const batch of partition.batches) {
      if (batch.maxTimestamp >= oldest || batch.nextOffset > partition.stable) break;
      start = batch.nextOffset;
    }
    if (start > partition.start) this.#broker.moveStart(partition, start);
  }

  #compact(settings: TopicSettings, partition: Partition): void {
    const before = this.#firstUntouchable(settings, partition);
    const old = partition.batches.slice(0, partition.indexOf(before));
    const last = this.#lastOffsets(partition, old);
    const horizon = this.#broker.clock.now() + settings.deleteRetentionMs;
    const cleaned = old.map((batch) => this.#cleanBatch(partition, batch, last, horizon));
    const { topic, partition: index, start, end } = partition;
    const changes = cleaned.flatMap((batch, at): Change[] => {
      if (batch === old[at]) return [];
      const { baseOffset } = old[at]!;
      if (batch === undefined) return [{ kind: 'batchDeleted', topic, partition: index, baseOffset }];
      return [{ kind: 'batch', topic, partition: index, batch }];
    });
    if (changes.length > 0) {
      this.#broker.storage.write([
        ...changes,
        { kind: 'bounds', topic, partition: index, start, end, decided: before },
      ]);
      const left = cleaned.filter((batch) => batch !== undefined);
      partition.replace(before, left);
    }
    const isWaiting = before < end || cleaned.some((batch) => batch?.deleteHorizon !== undefined);
    if (!isWaiting) this.#cleanTo.set(partition, end);
  }

  /** Behind it lie open transactions, and records too young to be cleaned. */
  #firstUntouchable({ minCompactionLagMs }: TopicSettings, partition: Partition): number {
    const youngest = this.#broker.clock.now() - minCompactionLagMs;
    const young = partition.batches.find(
      ({ maxTimestamp }) => minCompactionLagMs > 0 && maxTimestamp > youngest,
    );
    return Math.min(partition.stable, young?.baseOffset ?? partition.end);
  }

  #lastOffsets(partition: Partition, batches: readonly LogBatch[]): ReadonlyMap<string, number> {
    const last = new Map<string, number>();
    for (const batch of batches) {
      if (isHidden(batch, 'committed')) continue;
      const records = this.#broker.recordsOf(partition, batch);
      records.keys.forEach((key, index) => {
        if (key !== null) last.set(identity(key), batch.baseOffset + records.offset(index));
      });
    }
    return last;
  }

  /** What is left of it: undefined where that is nothing, the same batch where it is everything. */
  #cleanBatch(
    partition: Partition,
    batch: LogBatch,
    last: ReadonlyMap<string, number>,
    horizon: number,
  ): LogBatch | undefined {
    if (isHidden(batch, 'committed')) return undefined;
    const records = this.#broker.recordsOf(partition, batch);
    const isDue = batch.deleteHorizon !== undefined && batch.deleteHorizon <= this.#broker.clock.now();
    const left = new Records();
    left.offsets = [];
    let hasTombstones = false;
    for (let index = 0; index < records.count; index++) {
      const key = records.keys[index]!;
      const value = records.values[index]!;
      const offset = records.offset(index);
      if (key === null || last.get(identity(key)) !== batch.baseOffset + offset) continue;
      if (value === null && isDue) continue;
      hasTombstones ||= value === null;
      left.push(key, value, records.timestamps[index]!, records.headers?.[index] ?? []);
      left.offsets.push(offset);
    }
    const deleteHorizon = hasTombstones ? (batch.deleteHorizon ?? horizon) : undefined;
    if (left.count === 0) return undefined;
    if (left.count === records.count && deleteHorizon === batch.deleteHorizon) return batch;
    const { count, bytes } = left;
    return { ...batch, maxTimestamp: left.maxTimestamp(), count, bytes, records: left, deleteHorizon };
  }
}

/** The same for the same bytes, whether they were written as text or not. */
function identity(key: Encoded): string {
  if (typeof key !== 'string') return key.toString('latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, whose UTF-8 is its Latin-1.
  return /^[\x00-\x7f]*$/.test(key) ? key : Buffer.from(key).toString('latin1');
}
