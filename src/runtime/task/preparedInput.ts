import { MillraceError } from '../../errors.ts';
import type { Batch } from '../transport/transport.ts';
import type { InputParts } from './directInput.ts';
import type { Input } from './input.ts';
import type { Delivery, PrepareStage } from './prepare.ts';
import { type RawRecord, rawRecord } from './rejects.ts';
import type { SourceReader } from './sourceReader.ts';

export interface PreparedParts extends InputParts {
  readonly stage: PrepareStage;
  /** Records that may be under way at once. */
  readonly ahead: number;
  /** A record has become ready, or has failed. */
  readonly wake: () => void;
}

interface Prepared {
  readonly record: RawRecord;
  timestamp: number;
  deliveries: readonly Delivery[] | undefined;
  failure: { readonly error: MillraceError; readonly reader: SourceReader } | undefined;
}

/** An input whose records go through asynchronous steps first. They leave in the order in which they came. */
export class PreparedInput implements Input {
  readonly topic: string;
  readonly partition: number;
  position: number;
  bytes = 0;
  readonly #parts: PreparedParts;
  readonly #batches: Batch[] = [];
  readonly #records: Prepared[] = [];
  /** Batches whose last record is under way: their position and memory are given up when it has been processed. */
  readonly #spent: { readonly after: number; readonly batch: Batch }[] = [];
  #taken: number;

  constructor(topic: string, partition: number, position: number, parts: PreparedParts) {
    this.topic = topic;
    this.partition = partition;
    this.position = position;
    this.#taken = position;
    this.#parts = parts;
  }

  get timestamp(): number {
    return this.#records[0]?.timestamp ?? 0;
  }

  add(batch: Batch): void {
    this.#batches.push(batch);
    this.bytes += batch.bytes;
    this.#fill();
  }

  passed(position: number): void {
    if (this.#records.length + this.#batches.length + this.#spent.length > 0) return;
    this.position = Math.max(this.position, position);
    this.#taken = Math.max(this.#taken, position);
  }

  load(): boolean {
    const [head] = this.#records;
    return head !== undefined && (head.deliveries !== undefined || head.failure !== undefined);
  }

  dispatch(): void {
    const { origin, advance, reject } = this.#parts;
    const head = this.#records[0]!;
    origin.topic = this.topic;
    origin.partition = this.partition;
    origin.offset = head.record.offset;
    if (head.failure !== undefined) reject(head.record, head.failure.error, head.failure.reader);
    else {
      advance(head.timestamp);
      for (const { receive, message } of head.deliveries!) receive(message);
    }
    this.#records.shift();
    this.position = head.record.offset + 1;
    this.#parts.afterRecord?.();
    this.#release();
    this.#fill();
  }

  #fill(): void {
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      while (this.#records.length < this.#parts.ahead) {
        if (!batch.next()) {
          this.#batches.shift();
          this.#spent.push({ after: this.#taken, batch });
          this.#release();
          break;
        }
        if (batch.offset < this.#taken) continue;
        this.#taken = batch.offset + 1;
        this.#start(batch);
      }
      if (this.#batches[0] === batch) return;
    }
  }

  #release(): void {
    for (let spent = this.#spent[0]; spent !== undefined; spent = this.#spent[0]) {
      if (this.position < spent.after) return;
      this.position = Math.max(this.position, spent.batch.nextOffset);
      this.#taken = Math.max(this.#taken, this.position);
      this.bytes -= spent.batch.bytes;
      this.#spent.shift();
    }
  }

  #start(batch: Batch): void {
    const record = rawRecord(batch);
    const prepared: Prepared = {
      record,
      timestamp: Math.max(0, batch.timestamp),
      deliveries: undefined,
      failure: undefined,
    };
    this.#records.push(prepared);
    const runs = this.#parts.readers.map((reader) => this.#run(reader, batch, prepared));
    void Promise.all(runs).then((deliveries) => {
      prepared.deliveries = deliveries.flat();
      this.#parts.wake();
    });
  }

  async #run(reader: SourceReader, batch: Batch, prepared: Prepared): Promise<readonly Delivery[]> {
    const { stage, poisoned } = this.#parts;
    const { record } = prepared;
    try {
      const failure = poisoned.get(record.offset);
      if (failure !== undefined) throw failure;
      const message = reader.read(batch);
      prepared.timestamp = message.timestamp;
      if (!stage.sources.has(reader.step)) return [{ receive: reader.receive, message }];
      const { topic, partition, offset } = record;
      return await stage.prepare(reader.step, message, { topic, partition, offset });
    } catch (error) {
      const known = error instanceof MillraceError ? error : unexpected(error, record);
      prepared.failure ??= { error: known, reader };
      return [];
    }
  }
}

function unexpected(cause: unknown, { topic, partition, offset }: RawRecord): MillraceError {
  return new MillraceError('INTERNAL', 'A record could not be prepared', { topic, partition, offset, cause });
}
