import type { AlignedWindows } from '../node.ts';
import { checkOptions } from '../options.ts';
import { alignedWindows } from './alignedWindows.ts';
import type { Duration } from './duration.ts';

export interface TumblingOptions {
  /** How long after its end, in stream time, a window still takes records. Default: not at all. */
  readonly grace?: Duration | undefined;
  /** How far the starts are moved from multiples of the size since 1970 UTC; may be negative. Default: 0. */
  readonly offset?: Duration | undefined;
}

/**
 * Windows of one length, one after the other: each record falls into exactly one. A window takes records from its start
 * up to, but not including, its end, and starts at a multiple of its size since 1970 UTC, moved by `offset`; no window
 * starts before 1970. INVALID_DURATION and INVALID_ARGUMENT say what cannot be a window.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), window(tumbling('5m', { grace: '30s' })), count());
 * // Days as they are in Seoul, nine hours ahead of UTC
 * const days = tumbling('1d', { offset: '-9h' });
 */
export function tumbling(size: Duration, options: TumblingOptions = {}): AlignedWindows {
  checkOptions(options, ['grace', 'offset'], 'tumbling()');
  return alignedWindows('tumbling', { size, advance: size, ...options });
}
