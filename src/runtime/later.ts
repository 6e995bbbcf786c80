import type { Clock } from './clock.ts';

/** Something that is done once, a little later, however often it is asked for meanwhile. */
export interface Later {
  ask(): void;
  cancel(): void;
}

export function later(clock: Clock, ms: number, action: () => void): Later {
  let forget: (() => void) | undefined;
  return {
    ask() {
      forget ??= clock.after(ms, () => {
        forget = undefined;
        action();
      });
    },
    cancel() {
      forget?.();
      forget = undefined;
    },
  };
}
