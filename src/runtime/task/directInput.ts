import type { AnyMessage } from '../../dsl/node.ts';
import { policyFor } from '../../dsl/policyFor.ts';
import { MillraceError } from '../../errors.ts';
import type { Batch } from '../transport/transport.ts';
import type { Input } from './input.ts';
import type { Origin } from './origin.ts';
import { type RawRecord, rawRecord } from './rejects.ts';
import type { SourceReader } from './sourceReader.ts';

export interface InputParts {
  readonly readers: readonly SourceReader[];
  readonly origin: Origin;
  /** Says that the task has taken in a record of this time. */
  readonly advance: (timestamp: number) => void;
  /** Called when a record has gone through the whole task, where a step has asked for that. */
  readonly afterRecord: (() => void) | undefined;
  readonly reject: (record: RawRecord, error: MillraceError, reader: SourceReader) => void;
  /** Offsets of records that failed in a step before and are to be rejected instead of processed again. */
  readonly poisoned: ReadonlyMap<number, MillraceError>;
}

/** An input whose records go straight from the batch into the chain. */
export class DirectInput implements Input {
  readonly topic: string;
  readonly partition: number;
  position: number;
  bytes = 0;
  timestamp = 0;
  readonly #parts: InputParts;
  readonly #afterRecord: InputParts['afterRecord'];
  readonly #batches: Batch[] = [];
  readonly #messages: (AnyMessage | undefined)[];
  readonly #failures: Failure[] = [];
  #loaded = false;

  constructor(topic: string, partition: number, position: number, parts: InputParts) {
    this.topic = topic;
    this.partition = partition;
    this.position = position;
    this.#parts = parts;
    this.#afterRecord = parts.afterRecord;
    this.#messages = parts.readers.map(() => undefined);
  }

  add(batch: Batch): void {
    this.#batches.push(batch);
    this.bytes += batch.bytes;
  }

  passed(position: number): void {
    if (this.#loaded || this.#batches.length > 0) return;
    this.position = Math.max(this.position, position);
  }

  load(): boolean {
    if (this.#loaded) return true;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      while (batch.next()) {
        if (batch.offset < this.position) continue; // a batch may begin before the position that was asked for
        this.position = batch.offset;
        this.#read(batch);
        this.#loaded = true;
        return true;
      }
      this.position = batch.nextOffset;
      this.bytes -= batch.bytes;
      this.#batches.shift();
    }
    return false;
  }

  /** Decodes for every source step on this topic. What cannot be read waits for its turn too: a commit may come between. */
  #read(batch: Batch): void {
    const { readers, poisoned } = this.#parts;
    const failure = poisoned.size === 0 ? undefined : poisoned.get(batch.offset);
    this.timestamp = Math.max(0, batch.timestamp);
    for (let index = 0; index < readers.length; index++) {
      this.#messages[index] = undefined;
      try {
        if (failure !== undefined) throw failure;
        const message = readers[index]!.read(batch);
        this.#messages[index] = message;
        this.timestamp = message.timestamp;
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        this.#failures.push({ reader: readers[index]!, error, record: rawRecord(batch) });
      }
    }
  }

  dispatch(): void {
    const { readers, origin, advance } = this.#parts;
    origin.topic = this.topic;
    origin.partition = this.partition;
    origin.offset = this.position;
    this.#loaded = false;
    if (this.#failures.length > 0) this.#rejectFailures();
    for (let index = 0; index < readers.length; index++) {
      const message = this.#messages[index];
      if (message === undefined) continue;
      advance(message.timestamp);
      readers[index]!.receive(message);
    }
    this.position++;
    if (this.#afterRecord !== undefined) this.#afterRecord();
  }

  #rejectFailures(): void {
    const failures = this.#failures.splice(0);
    // One dead letter per record, however many steps read its topic.
    const [first] = failures;
    const strictest =
      failures.find(({ reader, error }) => policyFor(reader.policy, error) === 'fail') ?? first!;
    this.#parts.reject(strictest.record, strictest.error, strictest.reader);
  }
}

interface Failure {
  readonly reader: SourceReader;
  readonly error: MillraceError;
  readonly record: RawRecord;
}
