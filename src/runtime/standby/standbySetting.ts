import type { MillraceError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { Names } from '../names.ts';
import { type Seed, seedFrom } from '../snapshots/snapshotSetting.ts';
import type { StatePlace } from '../taskHome.ts';
import type { Member, Transport } from '../transport/transport.ts';
import type { WorkerParts } from '../workerParts.ts';

/** How far a task that is followed here has come. */
export interface StandbyProgress {
  readonly task: string;
  /** Gets ready to run here: it moves when it has nearly caught up. */
  readonly warmup: boolean;
  /** The last commit of the task that is in its state; 0 before the first. */
  readonly sequence: number;
  /** Changelog records it has not applied; undefined before brokers have told where they end. */
  readonly lag: number | undefined;
  /** ms since brokers have last told that there is nothing left to apply; Infinity where they have not yet. */
  readonly lagMs: number;
}

/** What all standbys of a worker share. */
export interface StandbySetting {
  readonly names: Names;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly place: StatePlace;
  readonly seed: Seed | undefined;
  /** Records a warm-up may lack and be ready nevertheless. */
  readonly acceptableLag: number;
  readonly probingIntervalMs: number;
  readonly onProgress: (progress: StandbyProgress) => void;
  readonly onWarning: (warning: MillraceError) => void;
  /** Asks the group to look again where tasks should run. */
  readonly probe: () => void;
}

export function standbySetting(parts: WorkerParts, member: Member): StandbySetting {
  const { names, transport, clock, settings, onStandby, onWarning } = parts;
  return {
    names,
    transport,
    clock,
    place: settings.state,
    seed: seedFrom(parts),
    acceptableLag: settings.placement.acceptableRecoveryLag,
    probingIntervalMs: settings.probingInterval,
    onProgress: onStandby,
    onWarning,
    probe: () => member.rejoin(),
  };
}
