/** ms to wait before attempt number `attempt` (0: the first repetition): 20, 40, ... 1000, each drawn from its upper half. */
export function backoffMs(attempt: number, random: () => number): number {
  const full = Math.min(1000, 20 * 2 ** Math.min(attempt, 10));
  return full * (0.5 + random() / 2);
}
