import type { Duration } from '../dsl/windows/duration.ts';
import { milliseconds } from '../dsl/windows/duration.ts';
import { MillraceError } from '../errors.ts';
import type { StatePlace } from './taskHome.ts';
import { type Compression, compressions } from './transport/compression.ts';
import type { ProducerOptions } from './transport/transport.ts';

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
  /** Bytes of changelogs a worker reads per second at most when it restores state, default as fast as it can. MILLRACE_MAX_RESTORE_BYTES_PER_SECOND. */
  readonly maxRestoreBytesPerSecond?: number | undefined;
  /** Rows kept in memory per store, default 100000. MILLRACE_CACHE_ROWS. */
  readonly cacheRows?: number | undefined;
  /** Of what is written to Kafka: 'none' (default), 'gzip', 'snappy', 'lz4' or 'zstd'. MILLRACE_COMPRESSION. */
  readonly compression?: Compression | undefined;
  /** Of internal topics; the broker's default when not given. MILLRACE_REPLICATION_FACTOR. */
  readonly replicationFactor?: number | undefined;
}

/** How producers write. */
interface Writing extends ProducerOptions {
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly maxRequestBytes: number;
  readonly deliveryTimeoutMs: number;
}

export interface Settings {
  readonly guarantee: Guarantee;
  readonly state: StatePlace;
  readonly commitInterval: number;
  readonly transactionTimeout: number;
  readonly sessionTimeout: number;
  readonly heartbeatInterval: number;
  readonly rebalanceTimeout: number;
  readonly revokeTimeout: number;
  readonly instanceId: string | undefined;
  readonly stopTimeout: number;
  readonly maxBufferedBytes: number;
  readonly maxPartitionBufferedBytes: number;
  readonly maxPendingBytes: number;
  readonly writing: Writing;
  readonly cacheRows: number | undefined;
  readonly maxRestoreBytesPerSecond: number | undefined;
  readonly replicationFactor: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

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
  'cacheRows',
  'maxRestoreBytesPerSecond',
  'compression',
  'replicationFactor',
];

/** Options before environment before defaults; everything checked. */
export function readSettings(
  options: SettingOptions,
  environment: Environment,
  defaultStateDir = '.millrace/state',
): Settings {
  const given = (name: keyof SettingOptions): string | number | undefined =>
    options[name] ?? environment[environmentName(name)];
  const duration = (name: keyof SettingOptions, fallback: Duration): number =>
    milliseconds((given(name) ?? fallback) as Duration, name);
  const whole = (name: keyof SettingOptions): number | undefined => positive(name, given(name));
  const guarantee = oneOf('guarantee', given('guarantee') ?? 'exactly-once', [
    'exactly-once',
    'at-least-once',
  ]);
  const stateDir = String(given('stateDir') ?? defaultStateDir);
  const rebalanceTimeout = duration('rebalanceTimeout', '60s');
  const transactionTimeoutMs = duration('transactionTimeout', '10s');
  const settings: Settings = {
    guarantee: guarantee as Guarantee,
    state: stateDir === 'memory' ? 'memory' : { folder: stateDir },
    commitInterval: duration('commitInterval', guarantee === 'exactly-once' ? '100ms' : '1s'),
    transactionTimeout: transactionTimeoutMs,
    sessionTimeout: duration('sessionTimeout', '6s'),
    heartbeatInterval: duration('heartbeatInterval', '500ms'),
    rebalanceTimeout,
    revokeTimeout: duration('revokeTimeout', Math.min(5_000, rebalanceTimeout / 2)),
    instanceId: memberName('instanceId', given('instanceId')),
    stopTimeout: duration('stopTimeout', '10s'),
    maxBufferedBytes: whole('maxBufferedBytes') ?? 64 << 20,
    maxPartitionBufferedBytes: whole('maxPartitionBufferedBytes') ?? 4 << 20,
    maxPendingBytes: whole('maxPendingBytes') ?? 32 << 20,
    writing: {
      transactionTimeoutMs,
      lingerMs: duration('linger', guarantee === 'exactly-once' ? '50ms' : '2ms'),
      batchBytes: whole('batchBytes') ?? 512 << 10,
      maxRequestBytes: whole('maxRequestBytes') ?? 8 << 20,
      deliveryTimeoutMs: duration('deliveryTimeout', '2m'),
      compression: oneOf('compression', given('compression') ?? 'none', compressions) as Compression,
    },
    cacheRows: whole('cacheRows'),
    maxRestoreBytesPerSecond: whole('maxRestoreBytesPerSecond'),
    replicationFactor: whole('replicationFactor'),
  };
  checkTogether(settings);
  checkWriting(settings.writing);
  return settings;
}

/** commitInterval -> MILLRACE_COMMIT_INTERVAL */
function environmentName(setting: string): string {
  return `MILLRACE_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function positive(name: string, value: string | number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw invalid(name, 'a whole number greater than 0', String(value));
}

/** As Kafka takes it. */
function memberName(name: string, value: string | number | undefined): string | undefined {
  if (value === undefined || /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/.test(String(value)))
    return value?.toString();
  throw invalid(name, '1 to 249 letters, digits, dots, underscores or hyphens', JSON.stringify(value));
}

function oneOf(name: string, value: string | number, allowed: readonly string[]): string {
  if (allowed.includes(String(value))) return String(value);
  throw invalid(name, `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`, String(value));
}

function checkTogether(settings: Settings): void {
  if (settings.heartbeatInterval * 2 > settings.sessionTimeout) {
    throw invalid(
      'heartbeatInterval',
      `at most half of sessionTimeout (${settings.sessionTimeout} ms), or one lost heartbeat ends the session`,
      `${settings.heartbeatInterval} ms`,
    );
  }
  if (settings.revokeTimeout >= settings.rebalanceTimeout) {
    throw invalid(
      'revokeTimeout',
      `less than rebalanceTimeout (${settings.rebalanceTimeout} ms), or the group gives the worker up first`,
      `${settings.revokeTimeout} ms`,
    );
  }
  if (settings.guarantee === 'exactly-once' && settings.commitInterval >= settings.transactionTimeout) {
    throw invalid(
      'commitInterval',
      `less than transactionTimeout (${settings.transactionTimeout} ms), or the broker aborts every transaction`,
      `${settings.commitInterval} ms`,
    );
  }
}

function checkWriting({ batchBytes, maxRequestBytes, lingerMs, deliveryTimeoutMs }: Writing): void {
  if (batchBytes > maxRequestBytes) {
    throw invalid('batchBytes', `at most maxRequestBytes (${maxRequestBytes})`, String(batchBytes));
  }
  if (deliveryTimeoutMs <= lingerMs) {
    throw invalid('deliveryTimeout', `more than linger (${lingerMs} ms)`, `${deliveryTimeoutMs} ms`);
  }
}

function invalid(name: string, expected: string, found: string): MillraceError {
  return new MillraceError('INVALID_SETTING', `The setting ${name} cannot be used`, {
    expected,
    found,
    next: `Change ${name} in app(), or ${environmentName(name)} in the environment.`,
  });
}
