import type { AlignedWindows } from '../node.ts';
import { checkOptions } from '../options.ts';
import { alignedWindows } from './alignedWindows.ts';
import type { Duration } from './duration.ts';

export interface HoppingOptions {
  /** How far apart the windows start; at most their size. */
  readonly advance: Duration;
  /** How long after its end, in stream time, a window still takes records. Default: not at all. */
  readonly grace?: Duration | undefined;
  /** How far the starts are moved from multiples of `advance` since 1970 UTC; may be negative. Default: 0. */
  readonly offset?: Duration | undefined;
}

/**
 * Windows of one length that overlap: one starts every `advance`, and each record falls into all that hold its timestamp,
 * size / advance of them. A window takes records from its start up to, but not including, its end; no window starts
 * before 1970. INVALID_DURATION and INVALID_ARGUMENT say what cannot be a window.
 *
 * @example
 * // The last ten minutes, anew every minute
 * clicks.pipe(window(hopping('10m', { advance: '1m' })), count());
 */
export function hopping(size: Duration, options: HoppingOptions): AlignedWindows {
  checkOptions(options ?? null, ['advance', 'grace', 'offset'], 'hopping()');
  return alignedWindows('hopping', { ...options, size });
}
