import type { View } from '../dsl/node.ts';
import type { Step } from '../dsl/topology.ts';
import type { MillraceError } from '../errors.ts';
import type { TaskPlan } from './plan.ts';
import { type Seed, seedFrom } from './snapshots/snapshotSetting.ts';
import type { Input } from './task/input.ts';
import type { StatePlace, TaskHome } from './taskHome.ts';
import { type Throttle, throttle } from './throttle.ts';
import type { Member, ProducerOptions, Reader } from './transport/transport.ts';
import type { WorkerParts } from './workerParts.ts';

/** What all tasks of a worker share. */
export interface TaskSetting extends FromWorker, Shared {
  readonly place: StatePlace;
  /** Where snapshots are kept. */
  readonly seed: Seed | undefined;
  readonly exactlyOnce: boolean;
  readonly writing: ProducerOptions;
  /** Whether a partition is known to hold more than the task has been given. */
  readonly hasMore: (input: Input) => boolean;
  /** For the last commit of a task that is to move. */
  readonly revokeTimeoutMs: number;
  readonly cacheRows: number | undefined;
  /** Of all restores together. */
  readonly throttle: Throttle;
}

type Shared = Pick<WorkerParts, 'names' | 'transport' | 'clock' | 'onDrop' | 'onProgress' | 'onWarning'>;

/** What tasks need of the worker that runs them. */
interface FromWorker {
  readonly member: Member;
  /** The tasks together have written more than brokers have acknowledged by so much that all are to wait. */
  readonly isPendingMost: () => boolean;
  readonly globalView: (step: Step) => View;
  /** The state of a task that was followed here until now; undefined where it was not. */
  readonly followed: (task: string) => TaskHome | undefined;
  readonly onFailure: (task: TaskPlan, error: MillraceError) => void;
  readonly wake: () => void;
}

/** `reader`: reads the inputs of the tasks. */
export function taskSetting(
  parts: WorkerParts,
  { reader, ...worker }: FromWorker & { readonly reader: Reader },
): TaskSetting {
  const { names, transport, clock, settings, onDrop, onProgress, onWarning } = parts;
  return {
    ...worker,
    names,
    transport,
    clock,
    place: settings.state,
    seed: seedFrom(parts),
    exactlyOnce: settings.guarantee === 'exactly-once',
    writing: settings.writing,
    revokeTimeoutMs: settings.revokeTimeout,
    cacheRows: settings.cacheRows,
    throttle: throttle(settings.maxRestoreBytesPerSecond, clock),
    onDrop,
    onProgress,
    onWarning,
    hasMore(input) {
      const end = reader.end(input);
      return end === undefined || reader.position(input) < end;
    },
  };
}

/** By topic and offset: records that failed before and are to be rejected instead of processed. */
export type Poisoned = ReadonlyMap<string, ReadonlyMap<number, MillraceError>>;
