import { MillraceError } from '../../../errors.ts';

/** What the embedded broker honours of Kafka's topic settings. */
export interface TopicSettings {
  readonly compact: boolean;
  readonly delete: boolean;
  /** ms; negative: for ever. */
  readonly retentionMs: number;
  /** ms a tombstone stays after compaction has first seen it. */
  readonly deleteRetentionMs: number;
  /** ms a record stays out of compaction's reach. */
  readonly minCompactionLagMs: number;
  readonly maxMessageBytes: number;
}

/**
 * Kafka's defaults but for retention.ms: data stays until somebody asks for an end, since a local log is often filled
 * with records of long ago.
 */
const defaults = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'delete.retention.ms': '86400000',
  'min.compaction.lag.ms': '0',
  'max.message.bytes': '1048588',
} as const;

/** Reads the settings of a topic; those it does not know are kept to be shown, and do nothing. */
export function topicSettings(
  topic: string,
  given: Readonly<Record<string, string>>,
): { settings: TopicSettings; config: Readonly<Record<string, string>> } {
  const config: Record<string, string> = { ...defaults, ...given };
  const policies = config['cleanup.policy']!.split(',').map((policy) => policy.trim());
  if (policies.some((policy) => policy !== 'compact' && policy !== 'delete')) {
    throw refused(
      topic,
      'cleanup.policy',
      config['cleanup.policy']!,
      '"delete", "compact" or "compact,delete"',
    );
  }
  const number = (name: keyof typeof defaults, least: number): number => {
    const value = Number(config[name]);
    if (config[name]!.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw refused(topic, name, config[name]!, `a whole number from ${least} on`);
  };
  const settings = {
    compact: policies.includes('compact'),
    delete: policies.includes('delete'),
    retentionMs: number('retention.ms', -1),
    deleteRetentionMs: number('delete.retention.ms', 0),
    minCompactionLagMs: number('min.compaction.lag.ms', 0),
    maxMessageBytes: number('max.message.bytes', 0),
  };
  return { settings, config };
}

/** Compaction or retention has something to do in the topic. */
export function isCleaned({ compact, delete: deletes, retentionMs }: TopicSettings): boolean {
  return compact || (deletes && retentionMs >= 0);
}

function refused(topic: string, setting: string, found: string, expected: string): MillraceError {
  return new MillraceError('INVALID_SETTING', `the topic setting ${setting} cannot be used`, {
    topic,
    expected,
    found,
    next: 'Correct the setting.',
  });
}
