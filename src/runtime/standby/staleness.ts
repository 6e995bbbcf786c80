import { checkOptions } from '../../dsl/options.ts';
import type { Duration } from '../../dsl/windows/duration.ts';
import { milliseconds } from '../../dsl/windows/duration.ts';
import { MillraceError } from '../../errors.ts';

export interface RowsOptions {
  /** How far behind a standby may be to be read; a bound that is not given is none. Not given at all: standbys are not read. */
  readonly staleness?:
    | {
        /** Changelog records that it lacks, as far as it knows. */
        readonly records?: number | undefined;
        /** Time since brokers have last told it that it lacks none. */
        readonly time?: Duration | undefined;
      }
    | undefined;
}

/** How far behind what is read may be. */
export interface Staleness {
  readonly records: number;
  readonly timeMs: number;
}

export function readStaleness(options: RowsOptions): Staleness | undefined {
  checkOptions(options, ['staleness'], 'rows()');
  const { staleness } = options;
  if (staleness === undefined) return undefined;
  checkOptions(staleness, ['records', 'time'], 'the staleness of rows()');
  const { records = Number.POSITIVE_INFINITY, time } = staleness;
  if (!(records >= 0)) {
    throw new MillraceError('INVALID_ARGUMENT', 'the staleness of rows() cannot be used', {
      expected: 'records: 0 or more',
      found: String(records),
      next: 'Say how many records a standby may lack; leave it out for any number.',
    });
  }
  return { records, timeMs: time === undefined ? Number.POSITIVE_INFINITY : milliseconds(time, 'time') };
}
