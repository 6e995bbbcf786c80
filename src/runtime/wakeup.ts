/** Lets one loop sleep until somebody has something for it. A call that comes while it is awake is not lost. */
export interface Wakeup {
  wake(): void;
  /** Resolves at the next wake(), at once if there was one since the last time. */
  wait(): Promise<undefined>;
}

export function wakeup(): Wakeup {
  let pending = false;
  let resume: ((value: undefined) => void) | undefined;
  return {
    wake() {
      if (resume === undefined) pending = true;
      else resume(undefined);
      resume = undefined;
    },
    wait() {
      if (pending) {
        pending = false;
        return Promise.resolve(undefined);
      }
      return new Promise((resolve) => {
        resume = resolve;
      });
    },
  };
}
