import type { Duration } from '../dsl/windows/duration.ts';
import type { SnapshotStore } from './snapshots/snapshotStore.ts';
import type { Compression } from './transport/compression.ts';

export type Guarantee = 'exactly-once' | 'at-least-once';

/** What may be set, each with a default; `env` names the variable that is read when the option is not given. */
export interface SettingOptions {
  /** 'exactly-once' (default) or 'at-least-once'. MILLRACE_GUARANTEE. */
  readonly guarantee?: Guarantee | undefined;
  /**
   * Folder for the SQLite state of tasks, default '.millrace/state'; 'memory' keeps it in memory, as is the default on an
   * embedded broker that is in memory itself. MILLRACE_STATE_DIR.
   */
  readonly stateDir?: string | undefined;
  /** Time between commits, default '100ms' exactly-once, '1s' at-least-once. MILLRACE_COMMIT_INTERVAL. */
  readonly commitInterval?: Duration | undefined;
  /** A transaction that nobody ends is aborted by the broker after this, default '10s'. MILLRACE_TRANSACTION_TIMEOUT. */
  readonly transactionTimeout?: Duration | undefined;
  /** The group gives a silent worker up after this, default '6s'. MILLRACE_SESSION_TIMEOUT. */
  readonly sessionTimeout?: Duration | undefined;
  /**
   * Time between signs of life to the group, default '500ms': what a worker hears of a rebalance, it hears in the answers.
   * MILLRACE_HEARTBEAT_INTERVAL.
   */
  readonly heartbeatInterval?: Duration | undefined;
  /** Time the members have to commit when tasks move, default '60s'. MILLRACE_REBALANCE_TIMEOUT. */
  readonly rebalanceTimeout?: Duration | undefined;
  /**
   * Time a task has for its last commit when tasks move, default '5s' or half of
   * rebalanceTimeout; then its transaction is aborted, with a warning, so that
   * the group does not wait. MILLRACE_REVOKE_TIMEOUT.
   */
  readonly revokeTimeout?: Duration | undefined;
  /**
   * A name that this worker keeps over restarts, such as the name of its pod: it does not leave the group when it stops, and
   * when it is back within its session it goes on with the same tasks and nobody else is disturbed. MILLRACE_INSTANCE_ID.
   */
  readonly instanceId?: string | undefined;
  /** Time a stop may take before it gives up on a last commit, default '10s'. MILLRACE_STOP_TIMEOUT. */
  readonly stopTimeout?: Duration | undefined;
  /** Bytes of records a worker holds that are not processed yet, default 64 MiB. MILLRACE_MAX_BUFFERED_BYTES. */
  readonly maxBufferedBytes?: number | undefined;
  /** Of them, bytes read ahead of one partition, default 4 MiB; Kafka only. MILLRACE_MAX_PARTITION_BUFFERED_BYTES. */
  readonly maxPartitionBufferedBytes?: number | undefined;
  /**
   * Time a written record may wait for others, so that requests are fewer; default '2ms', exactly once '50ms' (nobody sees a
   * record before the commit, which sends it at once). '0ms' sends at once. MILLRACE_LINGER.
   */
  readonly linger?: Duration | undefined;
  /** Bytes at which a batch of records is full and is sent at once, default 512 KiB. MILLRACE_BATCH_BYTES. */
  readonly batchBytes?: number | undefined;
  /** Bytes a request to a broker, and so a record, may have; default 8 MiB. MILLRACE_MAX_REQUEST_BYTES. */
  readonly maxRequestBytes?: number | undefined;
  /** Bytes a worker has written that no broker has acknowledged, at which it waits; default 32 MiB. MILLRACE_MAX_PENDING_BYTES. */
  readonly maxPendingBytes?: number | undefined;
  /** After this a record that no broker acknowledges is an error, default '2m'. MILLRACE_DELIVERY_TIMEOUT. */
  readonly deliveryTimeout?: Duration | undefined;
  /** Workers that follow a task beside the one that runs it, default 0: one of them goes on at once where it ends. MILLRACE_STANDBY_REPLICAS. */
  readonly standbyReplicas?: number | undefined;
  /**
   * Changelog records a worker may lack and be given a task nevertheless, default 10000: it restores them before it begins. One
   * that lacks more follows the task first. MILLRACE_ACCEPTABLE_RECOVERY_LAG.
   */
  readonly acceptableRecoveryLag?: number | undefined;
  /** Tasks of the whole group that get ready to move to another worker at a time, default 2. MILLRACE_WARMUP_REPLICAS. */
  readonly warmupReplicas?: number | undefined;
  /** Time between two looks whether tasks can move, where not all that get ready are, default '1m'. MILLRACE_PROBING_INTERVAL. */
  readonly probingInterval?: Duration | undefined;
  /** Bytes of changelogs a worker reads per second at most when it restores state, default as fast as it can. MILLRACE_MAX_RESTORE_BYTES_PER_SECOND. */
  readonly maxRestoreBytesPerSecond?: number | undefined;
  /**
   * Where copies of state are kept, so that a worker with an empty disk has less to restore: a folder (a volume, or one that all
   * workers mount) or a store of yours, such as a bucket. Default: none. MILLRACE_SNAPSHOTS (a folder).
   */
  readonly snapshots?: string | SnapshotStore | undefined;
  /** Time between two snapshots of a task, default '1h'. MILLRACE_SNAPSHOT_INTERVAL. */
  readonly snapshotInterval?: Duration | undefined;
  /** Snapshots kept of each task, default 2. MILLRACE_SNAPSHOTS_KEPT. */
  readonly snapshotsKept?: number | undefined;
  /** Rows kept in memory per store, default 100000. MILLRACE_CACHE_ROWS. */
  readonly cacheRows?: number | undefined;
  /** Of what is written to Kafka: 'none' (default), 'gzip', 'snappy', 'lz4' or 'zstd'. MILLRACE_COMPRESSION. */
  readonly compression?: Compression | undefined;
  /** Of internal topics; the broker's default when not given. MILLRACE_REPLICATION_FACTOR. */
  readonly replicationFactor?: number | undefined;
}

export const settingNames: readonly (keyof SettingOptions)[] = [
  'guarantee',
  'stateDir',
  'commitInterval',
  'transactionTimeout',
  'sessionTimeout',
  'heartbeatInterval',
  'rebalanceTimeout',
  'revokeTimeout',
  'instanceId',
  'stopTimeout',
  'maxBufferedBytes',
  'maxPartitionBufferedBytes',
  'linger',
  'batchBytes',
  'maxRequestBytes',
  'maxPendingBytes',
  'deliveryTimeout',
  'standbyReplicas',
  'acceptableRecoveryLag',
  'warmupReplicas',
  'probingInterval',
  'snapshots',
  'snapshotInterval',
  'snapshotsKept',
  'cacheRows',
  'maxRestoreBytesPerSecond',
  'compression',
  'replicationFactor',
];
