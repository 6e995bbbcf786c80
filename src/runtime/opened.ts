import type { NamedStore } from '../dsl/topology.ts';
import type { Claims } from './changelogClaims.ts';
import type { CommitMeta } from './commitMeta.ts';
import type { Positions } from './findPositions.ts';
import type { TaskHome } from './taskHome.ts';
import type { Poisoned } from './taskSetting.ts';
import type { Producer } from './transport/transport.ts';

/** What opening a task has found. */
export interface Opened {
  readonly home: TaskHome;
  readonly producer: Producer;
  readonly positions: Positions;
  readonly poisoned: Poisoned;
  readonly commit: CommitMeta | undefined;
  readonly changelogs: ReadonlyMap<string, number>;
  readonly claims: Claims;
  /** Stores of which the changelogs do not say yet what they are. */
  readonly undescribed: readonly NamedStore[];
}
