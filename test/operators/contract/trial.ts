import type { Message } from '../../../src/dsl/message.ts';
import { topology } from '../../../src/dsl/topology.ts';
import type { Sink } from '../../../src/index.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Drop } from '../../../src/runtime/task/rejects.ts';
import { SinglePartition } from '../../../src/runtime/testing/singlePartition.ts';
import type { Backend } from '../../../src/state/backend.ts';
import { memoryBackend } from '../../../src/state/memory.ts';
import type { VisitChange } from '../../../src/state/sealed.ts';
import { tableSpecOf } from '../../../src/state/tableSpec.ts';
import type { StoreDefinition } from '../../../src/state/taskState.ts';
import type { Topic } from './statefulOperator.ts';

export interface Input {
  readonly topic: Topic;
  readonly key: string | null;
  readonly value: number | null;
  readonly timestamp: number;
  /** ms of the wall clock that pass before it. */
  readonly pause: number;
}

/** What is done after an input. 'redo': all since the last commit is lost in a crash, and done again, before the next. */
export type After = 'nothing' | 'commit' | 'restart' | 'redo';

export interface Outcome {
  readonly out: readonly Message<unknown, unknown>[];
  readonly drops: readonly Drop[];
  readonly rows: Readonly<Record<string, readonly unknown[]>>;
}

/** A topology on one partition that tells all that has become of its records, and all that it keeps. */
export class Trial {
  readonly #run: SinglePartition;
  readonly #stores: readonly StoreDefinition[];
  readonly #backends: Backend[] = [];
  readonly #count: () => number;
  readonly #visit: VisitChange | undefined;
  /** Of what is committed. */
  readonly #out: Message<unknown, unknown>[] = [];
  readonly #drops: Drop[] = [];
  #since: Input[] = [];

  /** `visit` is told all that goes to changelogs. */
  constructor(sink: Sink, openBackend: () => Backend = memoryBackend, visit?: VisitChange) {
    this.#visit = visit;
    const compiled = topology([sink]);
    const opened = (): Backend => {
      const backend = openBackend();
      this.#backends.push(backend);
      return backend;
    };
    this.#run = new SinglePartition(compiled, systemClock, opened);
    const stores = compiled.subtopologies.map((piece) => piece.stores);
    this.#stores = stores.flat();
    this.#count = () =>
      this.#backends
        .flatMap((backend, index) =>
          stores[index]!.map(({ name, spec }) => backend.open(tableSpecOf(name, spec))),
        )
        .reduce((sum, table) => sum + [...table.rows()].length, 0);
  }

  send(input: Input): void {
    this.#since.push(input);
    const { topic, key, value, timestamp, pause } = input;
    if (pause > 0) this.#run.advance(pause);
    this.#run.send(topic, { key, value, timestamp, headers: [] });
  }

  pass(ms: number): void {
    this.#run.advance(ms);
  }

  do(after: After): void {
    if (after === 'redo') this.#redo();
    if (after === 'nothing') return;
    this.#run.commit(this.#visit);
    this.#since = [];
    this.#out.push(...this.#run.read('out'));
    this.#drops.push(...this.#run.drops.splice(0));
    if (after === 'restart') this.#run.restart();
  }

  #redo(): void {
    const lost = this.#since;
    this.#run.restart();
    this.#run.read('out');
    this.#run.drops.splice(0);
    this.#since = [];
    for (const input of lost) this.send(input);
  }

  /** Commits and ends. */
  end(): Outcome {
    this.do('commit');
    const { rows } = this;
    this.#run.close();
    return { out: this.#out, drops: this.#drops.map((drop) => ({ ...drop, offset: 0 })), rows };
  }

  /** By store. */
  get rows(): Outcome['rows'] {
    return Object.fromEntries(this.#stores.map(({ name }) => [name, this.#run.rows(name)]));
  }

  /** Rows that the backends hold, whether a store shows them or not. */
  get storedRows(): number {
    return this.#count();
  }

  /** What was given up since the last call. */
  takeDrops(): readonly string[] {
    return this.#run.drops.splice(0).map(({ reason }) => reason);
  }
}

/** Sends all and does what `after` says behind each; the last of all is a commit. */
export function outcomeOf(sink: Sink, inputs: readonly Input[], after: (index: number) => After): Outcome {
  const trial = new Trial(sink);
  for (const [index, input] of inputs.entries()) {
    trial.send(input);
    trial.do(after(index));
  }
  return trial.end();
}
