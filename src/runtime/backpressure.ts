import type { TaskInput } from './task/task.ts';
import type { Reader, TopicPartition } from './transport/transport.ts';

/** Pauses partitions whose records wait to be processed, and resumes them when most of these are done: memory stays bounded. */
export class Backpressure {
  readonly #reader: Reader;
  readonly #maxBytes: number;
  readonly #paused = new Set<TaskInput>();

  constructor(reader: Reader, maxBytes: number) {
    this.#reader = reader;
    this.#maxBytes = maxBytes;
  }

  regulate(inputs: Iterable<TaskInput>): void {
    const all = [...inputs];
    const most = this.#maxBytes / Math.max(1, all.length);
    const pause: TopicPartition[] = [];
    const resume: TopicPartition[] = [];
    for (const input of all) {
      if (!this.#paused.has(input) && input.bytes > most) {
        this.#paused.add(input);
        pause.push(input);
      } else if (this.#paused.has(input) && input.bytes <= most / 2) {
        this.#paused.delete(input);
        resume.push(input);
      }
    }
    if (pause.length > 0) this.#reader.pause(pause);
    if (resume.length > 0) this.#reader.resume(resume);
    for (const input of this.#paused) if (!all.includes(input)) this.#paused.delete(input);
  }
}
