import { BatchWriter } from './recordBatch/batchWriter.ts';

/** At most this much memory waits for the next batches; an application may have a producer for each of many tasks. */
const maxBytes = 4 * 1024 * 1024;

/** Memory of batches that were acknowledged, for those to come. */
export class SpareWriters {
  readonly #writers: BatchWriter[] = [];
  #bytes = 0;

  take(): BatchWriter {
    const writer = this.#writers.pop();
    if (writer === undefined) return new BatchWriter();
    this.#bytes -= writer.capacity;
    writer.reset();
    return writer;
  }

  give(writer: BatchWriter): void {
    if (this.#bytes + writer.capacity > maxBytes) return;
    this.#bytes += writer.capacity;
    this.#writers.push(writer);
  }
}
