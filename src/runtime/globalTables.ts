import type { View } from '../dsl/node.ts';
import type { Step } from '../dsl/topology.ts';
import { memoryBackend } from '../state/memory.ts';
import { openTaskState, type TaskState } from '../state/taskState.ts';
import type { Clock } from './clock.ts';
import type { Plan } from './plan.ts';
import { type StoreRow, storeRows } from './storeRows.ts';
import { type GlobalTable, globalTable } from './task/globalTable.ts';
import type { Drop } from './task/rejects.ts';
import type { Batch, Reader, TopicPartition, Transport } from './transport/transport.ts';

/** The global tables of a worker: read whole before the first task starts, and kept up to date from then on. */
export interface GlobalTables {
  view(step: Step): View;
  /** Of one of their stores. */
  rows(store: string): readonly StoreRow[];
  /** Resolves when all tables hold what their topics held when it was called. */
  load(signal: AbortSignal): Promise<void>;
  /** Takes in what has been written since, until the signal; rejects when a record cannot be read. */
  follow(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Opened {
  readonly table: GlobalTable;
  readonly state: TaskState;
  readonly settle: () => void;
}

/** They are kept in memory: a restart reads the topics again, which needs no changelog and no position to agree with. */
export function globalTables(
  steps: readonly Step[],
  plan: Plan,
  transport: Transport,
  clock: Clock,
  onDrop: (drop: Drop) => void,
): GlobalTables {
  const tables = new Map<Step, Opened>();
  for (const step of steps) {
    const state = openTaskState(memoryBackend(), step.stores);
    const settle = (): void => state.seal().write(new Map());
    tables.set(step, { table: globalTable(step, state, onDrop), state, settle });
  }
  const partitions = [...new Set(steps.map((step) => step.topic!))].flatMap((topic) =>
    Array.from(
      { length: plan.partitions.get(topic)! },
      (_, partition): TopicPartition => ({ topic, partition }),
    ),
  );
  let reader: Reader | undefined;
  const apply = (batch: Batch): void => {
    for (const { table, settle } of tables.values()) {
      if (table.step.topic !== batch.topic) continue;
      table.apply(batch);
      settle();
    }
  };
  return {
    view: (step) => tables.get(step)!.table.view,
    rows: (store) => [...tables].flatMap(([{ stores }, { state }]) => storeRows(stores, state, store)),
    async load(signal) {
      if (partitions.length === 0) return;
      const [starts, ends] = await Promise.all([
        transport.admin.startOffsets(partitions),
        transport.admin.endOffsets(partitions, 'committed'),
      ]);
      const opened = transport.reader({ isolation: 'committed', maxBytes: 8 << 20 });
      reader = opened;
      opened.assign(partitions.map((partition, index) => ({ ...partition, offset: starts[index]! })));
      while (partitions.some((partition, index) => opened.position(partition) < ends[index]!)) {
        signal.throwIfAborted();
        for (const batch of await opened.poll(100)) apply(batch);
        await clock.breathe();
      }
    },
    async follow(signal) {
      while (reader !== undefined && !signal.aborted) {
        for (const batch of await reader.poll(500)) apply(batch);
        await clock.breathe();
      }
    },
    close: async () => reader?.close(),
  };
}
