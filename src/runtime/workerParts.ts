import type { Topology } from '../dsl/topology.ts';
import type { MillraceError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Names } from './names.ts';
import type { RestoreProgress } from './restoreState.ts';
import type { Settings } from './settings.ts';
import type { StandbyProgress } from './standby/standbySetting.ts';
import type { Drop } from './task/rejects.ts';
import type { Transport } from './transport/transport.ts';

/** What an application gives its worker. */
export interface WorkerParts {
  readonly topology: Topology;
  readonly names: Names;
  readonly settings: Settings;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly onDrop: (drop: Drop) => void;
  readonly onProgress: (progress: RestoreProgress) => void;
  readonly onStandby: (progress: StandbyProgress) => void;
  /** Something that should not happen often; the worker goes on. */
  readonly onWarning: (warning: MillraceError) => void;
  /** The worker cannot go on. It has not stopped yet: stop() or crash() is still to be called. */
  readonly onFatal: (error: MillraceError) => void;
}
