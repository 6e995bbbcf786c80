import type { View } from '../dsl/node.ts';
import type { Step } from '../dsl/topology.ts';
import type { MillraceError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Names } from './names.ts';
import type { TaskPlan } from './plan.ts';
import type { RestoreProgress } from './restoreState.ts';
import type { Input } from './task/input.ts';
import type { Drop } from './task/rejects.ts';
import type { StatePlace } from './taskHome.ts';
import type { Member, ProducerOptions, Transport } from './transport/transport.ts';

/** What all tasks of a worker share. */
export interface TaskSetting {
  readonly names: Names;
  readonly transport: Transport;
  readonly member: Member;
  readonly clock: Clock;
  readonly place: StatePlace;
  readonly exactlyOnce: boolean;
  readonly writing: ProducerOptions;
  /** The tasks together have written more than brokers have acknowledged by so much that all are to wait. */
  readonly isPendingMost: () => boolean;
  /** For the last commit of a task that is to move. */
  readonly revokeTimeoutMs: number;
  readonly cacheRows: number | undefined;
  readonly globalView: (step: Step) => View;
  readonly onDrop: (drop: Drop) => void;
  readonly onProgress: (progress: RestoreProgress) => void;
  readonly onWarning: (warning: MillraceError) => void;
  readonly onFailure: (task: TaskPlan, error: MillraceError) => void;
  readonly wake: () => void;
  /** Whether a partition is known to hold more than the task has been given. */
  readonly hasMore: (input: Input) => boolean;
}

/** By topic and offset: records that failed before and are to be rejected instead of processed. */
export type Poisoned = ReadonlyMap<string, ReadonlyMap<number, MillraceError>>;
