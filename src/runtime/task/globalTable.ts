import type { View } from '../../dsl/node.ts';
import { policyFor } from '../../dsl/policyFor.ts';
import type { Step } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';
import type { Batch } from '../transport/transport.ts';
import { buildChain, type TaskPart } from './chain.ts';
import { guard, type Origin } from './origin.ts';
import { type Drop, rawRecord } from './rejects.ts';
import { sourceReader } from './sourceReader.ts';
import type { TaskStores } from './task.ts';

/** All rows of a topic, whatever the partition: what a join with a global table looks into. */
export interface GlobalTable {
  readonly step: Step;
  readonly view: View;
  /** Takes in every record of a batch. */
  apply(batch: Batch): void;
}

export function globalTable(step: Step, state: TaskStores, onDrop: (drop: Drop) => void): GlobalTable {
  const origin: Origin = { topic: step.topic!, partition: 0, offset: -1 };
  const taskPart = (of: Step): TaskPart => ({
    step: of.name,
    get partition() {
      return origin.partition;
    },
    streamTime: -1,
    origin: undefined,
    now: 0,
    store: () => state.store(of.stores[0]!.name),
    windowStore: () => state.windowStore(of.stores[0]!.name),
    guard: (fn) => guard(fn, of.name, origin),
    send: () => {
      throw new MillraceError('INTERNAL', 'A global table was asked to send', { step: of.name });
    },
    fail: (error) => {
      throw error;
    },
    drop: (reason) => onDrop({ reason, step: of.name, ...origin }),
  });
  let view: View = () => undefined;
  const chain = buildChain([step], {
    taskPart,
    globalView: () => view,
    consumers: new Map(),
    run: (of, context, emit) => {
      if (of.operator.view !== undefined) view = of.operator.view(context, []);
      return of.operator.run(context, emit);
    },
  });
  const reader = sourceReader(step, chain.entry(step), -1);
  return {
    step,
    view: (key) => view(key),
    apply(batch) {
      origin.partition = batch.partition;
      while (batch.next()) {
        origin.offset = batch.offset;
        try {
          reader.receive(reader.read(batch));
        } catch (error) {
          if (!(error instanceof MillraceError) || policyFor(reader.policy, error) === 'fail') throw error;
          const { topic, partition, offset } = rawRecord(batch);
          onDrop({ reason: 'undecodable', step: step.name, topic, partition, offset, error });
        }
      }
    },
  };
}
