/** What a step wants done every so many ms, of the wall clock or of stream time. */
export interface Timer {
  readonly every: number;
  readonly fire: (now: number) => void;
  due: number;
}

/** Due one interval after the first tick. */
export const wallClockTimer = (every: number, fire: Timer['fire']): Timer => ({
  every,
  fire,
  due: Number.POSITIVE_INFINITY,
});

/**
 * Due with the first record of a task, and then at the multiples of the interval. Whenever records rest, all multiples up to
 * stream time have been fired for: the task's stream time alone says where to go on after a restart.
 */
export const streamTimeTimer = (every: number, fire: Timer['fire'], streamTime: number): Timer => ({
  every,
  fire,
  due: streamTime < 0 ? 0 : streamTime - (streamTime % every) + every,
});

/** Fires what is due: what fell due first comes first, then by place. Each once, however often it fell due. */
export function fireDue(timers: readonly Timer[], now: number): void {
  for (let timer = soonest(timers, now); timer !== undefined; timer = soonest(timers, now)) {
    timer.due = now - ((now - timer.due) % timer.every) + timer.every;
    timer.fire(now);
  }
}

function soonest(timers: readonly Timer[], now: number): Timer | undefined {
  let found: Timer | undefined;
  for (const timer of timers) {
    if (timer.due <= now && (found === undefined || timer.due < found.due)) found = timer;
  }
  return found;
}

/** Begins the intervals of timers that have none yet; a clock that was set back begins them anew. */
export function windUp(timers: readonly Timer[], now: number): void {
  for (const timer of timers) if (timer.due > now + timer.every) timer.due = now + timer.every;
}
