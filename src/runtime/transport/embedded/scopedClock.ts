import type { Clock } from '../../clock.ts';

/** A clock whose calls can all be called off at once: nothing of a broker goes on when it is closed. */
export function scopedClock(clock: Clock): Clock & { cancelAll(): void } {
  const pending = new Set<() => void>();
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    breathe: () => clock.breathe(),
    after(ms, call) {
      const cancel = clock.after(ms, () => {
        pending.delete(stop);
        call();
      });
      const stop = (): void => {
        pending.delete(stop);
        cancel();
      };
      pending.add(stop);
      return stop;
    },
    cancelAll() {
      for (const stop of pending) stop();
    },
  };
}
