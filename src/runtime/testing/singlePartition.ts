import type { Message } from '../../dsl/message.ts';
import type { AnyCodec } from '../../dsl/node.ts';
import type { Step, Subtopology, Topology } from '../../dsl/topology.ts';
import type { MillraceError } from '../../errors.ts';
import type { Backend } from '../../state/backend.ts';
import { memoryBackend } from '../../state/memory.ts';
import type { VisitChange } from '../../state/sealed.ts';
import { openTaskState, type TaskState } from '../../state/taskState.ts';
import type { Clock } from '../clock.ts';
import { checkStore, type StoreRow, storeRows } from '../storeRows.ts';
import { type GlobalTable, globalTable } from '../task/globalTable.ts';
import type { Output } from '../task/output.ts';
import type { Drop } from '../task/rejects.ts';
import { createTask, type Task } from '../task/task.ts';
import { asBytes, asText, type EncodedRecord, singleBatch } from './singleBatch.ts';
import { type PipelineSnapshot, shownStores, snapshotOf } from './snapshot.ts';
import { sinkCodecs, sourceCodecs } from './topicCodecs.ts';

const application = 'test';

interface Piece {
  readonly subtopology: Subtopology;
  readonly backend: Backend;
  state: TaskState;
  task: Task;
}

interface Global {
  readonly table: GlobalTable;
  readonly state: TaskState;
}

/** The whole of an application on one partition: topics are arrays, everything happens at once. */
export class SinglePartition {
  readonly drops: Drop[] = [];
  readonly #topology: Topology;
  readonly #clock: Clock;
  readonly #globals = new Map<Step, Global>();
  readonly #pieces: Piece[];
  readonly #offsets = new Map<string, number>();
  readonly #written = new Map<string, EncodedRecord[]>();
  /** Of each topic, how many have been read. */
  readonly #read = new Map<string, number>();
  readonly #internal: { readonly topic: string; readonly record: EncodedRecord }[] = [];

  /** Wall-clock time: stands still but for advance(). */
  #now = 0;
  #failure: MillraceError | undefined;

  /** `openBackend` is called once per sub-topology. */
  constructor(compiled: Topology, clock: Clock, openBackend: () => Backend = memoryBackend) {
    this.#topology = compiled;
    this.#clock = { ...clock, now: () => this.#now };
    for (const step of compiled.globalTables) {
      const state = openTaskState(memoryBackend(), step.stores);
      const table = globalTable(step, state, (drop) => this.drops.push(drop));
      this.#globals.set(step, { table, state });
    }
    this.#pieces = compiled.subtopologies.map((subtopology) => {
      const backend = openBackend();
      return { subtopology, backend, ...this.#open(subtopology, backend) };
    });
  }

  #open(subtopology: Subtopology, backend: Backend): { state: TaskState; task: Task } {
    const state = openTaskState(backend, subtopology.stores);
    const positions = subtopology.sources.map(
      (step) => [nameOf(step), this.#offsets.get(nameOf(step)) ?? 0] as const,
    );
    const task = createTask({
      application,
      subtopology,
      partition: 0,
      state,
      streamTime: Number(state.meta.get('streamTime') ?? -1),
      output: this.#output(),
      clock: this.#clock,
      globalView: (step) => this.#globals.get(step)!.table.view,
      topicOf: nameOf,
      positions: new Map(positions),
      poisoned: new Map(),
      onDrop: (drop) => this.drops.push(drop),
      onFailure: (error) => {
        this.#failure ??= error;
      },
      wake: () => {},
    });
    task.tick(this.#now); // schedules begin with the task
    return { state, task };
  }

  #output(): Output {
    const crossings = new Set(this.#topology.repartitions.map(({ topic }) => `${application}-${topic}`));
    return {
      partitions: () => 1,
      append: (topic, _partition, key, value, timestamp, headers) => {
        const record = { key, value, timestamp, headers };
        if (crossings.has(topic)) this.#internal.push({ topic, record });
        const topicRecords = this.#written.get(topic);
        if (topicRecords === undefined) this.#written.set(topic, [record]);
        else topicRecords.push(record);
      },
    };
  }

  send(topic: string, message: Message<unknown, unknown>): void {
    const { key, value } = sourceCodecs(this.#topology, topic, nameOf);
    this.sendRaw(topic, {
      ...message,
      key: message.key === null ? null : key.encode(message.key),
      value: message.value === null ? null : value.encode(message.value),
    });
  }

  sendRaw(topic: string, record: EncodedRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    sourceCodecs(this.#topology, topic, nameOf);
    this.#feed(topic, record);
    this.#settle();
  }

  #feed(topic: string, record: EncodedRecord): void {
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    for (const { table } of this.#globals.values()) {
      if (table.step.topic === topic) table.apply(singleBatch(topic, 0, offset, record));
    }
    for (const { task } of this.#pieces) {
      for (const input of task.inputs) {
        if (input.topic !== topic) continue;
        input.add(singleBatch(topic, 0, offset, record));
        while (input.load()) input.dispatch();
      }
    }
  }

  #settle(): void {
    for (let next = this.#internal.shift(); next !== undefined; next = this.#internal.shift()) {
      this.#feed(next.topic, next.record);
    }
  }

  read(topic: string): Message<unknown, unknown>[] {
    const records = this.#written.get(topic) ?? [];
    const unread = records.slice(this.#read.get(topic));
    this.#read.set(topic, records.length);
    return unread.map((record) => this.#decoded(topic, record));
  }

  #decoded(topic: string, { key, value, timestamp, headers }: EncodedRecord): Message<unknown, unknown> {
    const codecs = sinkCodecs(this.#topology, topic, nameOf);
    return { key: decode(codecs.key, key), value: decode(codecs.value, value), timestamp, headers };
  }

  topics(): string[] {
    const unread = [...this.#written].filter(([topic, { length }]) => length > (this.#read.get(topic) ?? 0));
    return unread.map(([topic]) => topic);
  }

  rows(name: string): readonly StoreRow[] {
    checkStore(this.#topology, name);
    return [
      ...[...this.#globals].flatMap(([{ stores }, { state }]) => storeRows(stores, state, name)),
      ...this.#pieces.flatMap(({ subtopology, state }) => storeRows(subtopology.stores, state, name)),
    ];
  }

  snapshot(): PipelineSnapshot {
    const internal = new Set(this.#topology.repartitions.map(({ topic }) => `${application}-${topic}`));
    const topics = [...this.#written].filter(([topic]) => !internal.has(topic));
    return snapshotOf({
      outputs: topics.map(([topic, records]) => [
        topic,
        records.map((record) => this.#decoded(topic, record)),
      ]),
      stores: shownStores(this.#topology).map((name) => [name, this.rows(name)]),
      drops: this.drops,
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const { task } of this.#pieces) {
      task.tick(this.#now);
      this.#settle();
    }
  }

  /** `visit` is told all that goes to changelogs. */
  commit(visit: VisitChange = () => {}): void {
    for (const { task, state } of this.#pieces) {
      task.beforeCommit();
      this.#settle();
      const sealed = state.seal();
      sealed.forEachChange(visit);
      sealed.write(new Map([['streamTime', String(task.streamTime)]]));
    }
  }

  restart(): void {
    for (const piece of this.#pieces) {
      piece.task.close();
      piece.state.close();
      Object.assign(piece, this.#open(piece.subtopology, piece.backend));
    }
  }

  close(): void {
    for (const { task, state } of this.#pieces) {
      task.close();
      state.close();
    }
  }
}

const nameOf = (step: Step): string => (step.internal ? `${application}-${step.topic}` : (step.topic ?? ''));

function decode(codec: AnyCodec, encoded: string | Buffer | null): unknown {
  if (encoded === null) return null;
  return codec.format === 'text' ? codec.decode(asText(encoded)!) : codec.decode(asBytes(encoded)!);
}
