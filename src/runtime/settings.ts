import type { Duration } from '../dsl/windows/duration.ts';
import { milliseconds } from '../dsl/windows/duration.ts';
import { MillraceError } from '../errors.ts';
import { type ConnectOptions, rackOf } from './connect.ts';
import { folderDisk } from './disk.ts';
import type { PlacementRules } from './placement/placeTasks.ts';
import type { Guarantee, SettingOptions } from './settingOptions.ts';
import { folderSnapshots } from './snapshots/folderSnapshots.ts';
import type { SnapshotSetting } from './snapshots/snapshotSetting.ts';
import type { SnapshotStore } from './snapshots/snapshotStore.ts';
import type { StatePlace } from './taskHome.ts';
import { type Compression, compressions } from './transport/compression.ts';
import type { ProducerOptions } from './transport/transport.ts';

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
  readonly placement: PlacementRules;
  /** '' where nobody says. */
  readonly rack: string;
  readonly probingInterval: number;
  readonly snapshots: SnapshotSetting | undefined;
  readonly cacheRows: number | undefined;
  readonly maxRestoreBytesPerSecond: number | undefined;
  readonly replicationFactor: number | undefined;
}

/** Settings that are text or a number. */
type Given = Exclude<keyof SettingOptions, 'snapshots'>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Options before environment before defaults; everything checked. */
export function readSettings(
  options: SettingOptions & Pick<ConnectOptions, 'rack'>,
  environment: Environment,
  defaultStateDir = '.millrace/state',
): Settings {
  const given = (name: Given): string | number | undefined =>
    options[name] ?? environment[environmentName(name)];
  const duration = (name: Given, fallback: Duration): number =>
    milliseconds((given(name) ?? fallback) as Duration, name);
  const whole = (name: Given, least = 1): number | undefined => wholeFrom(least, name, given(name));
  const guarantee = oneOf('guarantee', given('guarantee') ?? 'exactly-once', [
    'exactly-once',
    'at-least-once',
  ]);
  const stateDir = String(given('stateDir') ?? defaultStateDir);
  const rebalanceTimeout = duration('rebalanceTimeout', '60s');
  const transactionTimeoutMs = duration('transactionTimeout', '10s');
  const settings: Settings = {
    guarantee: guarantee as Guarantee,
    state: stateDir === 'memory' ? 'memory' : folderDisk(stateDir),
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
    placement: {
      standbyReplicas: whole('standbyReplicas', 0) ?? 0,
      acceptableRecoveryLag: whole('acceptableRecoveryLag', 0) ?? 10_000,
      warmupReplicas: whole('warmupReplicas') ?? 2,
    },
    rack: rackOf(options, environment) ?? '',
    probingInterval: duration('probingInterval', '1m'),
    snapshots: snapshotSetting(
      options.snapshots ?? environment[environmentName('snapshots')],
      duration('snapshotInterval', '1h'),
      whole('snapshotsKept') ?? 2,
    ),
    cacheRows: whole('cacheRows'),
    maxRestoreBytesPerSecond: whole('maxRestoreBytesPerSecond'),
    replicationFactor: whole('replicationFactor'),
  };
  checkTogether(settings);
  checkWriting(settings.writing);
  return settings;
}

function snapshotSetting(
  where: string | SnapshotStore | undefined,
  intervalMs: number,
  keep: number,
): SnapshotSetting | undefined {
  if (where === undefined) return undefined;
  return { store: typeof where === 'string' ? folderSnapshots(where) : where, intervalMs, keep };
}

/** commitInterval -> MILLRACE_COMMIT_INTERVAL */
function environmentName(setting: string): string {
  return `MILLRACE_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function wholeFrom(least: number, name: string, value: string | number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw invalid(name, `a whole number from ${least} on`, String(value));
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
