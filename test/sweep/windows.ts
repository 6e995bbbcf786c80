import type { Dice } from './dice.ts';

export type WindowType = 'tumbling' | 'hopping' | 'sliding' | 'session';
const windowTypes: readonly WindowType[] = ['tumbling', 'hopping', 'sliding', 'session'];

/** A window as the format writes it. */
export interface WindowOf {
  readonly type: WindowType;
  readonly sizeMs?: number;
  readonly advanceMs?: number;
  readonly differenceMs?: number;
  readonly gapMs?: number;
  readonly graceMs: number;
}

export function randomWindow(dice: Dice, type: WindowType = dice.from(windowTypes)): WindowOf {
  const length = dice.pick(1, 2, 3, 5, 10, 10, 10, 60);
  const graceMs = grace(dice, length);
  if (type === 'tumbling') return { type, sizeMs: length, graceMs };
  if (type === 'sliding') return { type, differenceMs: length, graceMs };
  if (type === 'session') return { type, gapMs: length, graceMs };
  const [sizeMs, advanceMs] = dice.pick([10, 5], [10, 3], [4, 1], [9, 3], [60, 20], [10, 10], [7, 6]);
  return { type, sizeMs, advanceMs, graceMs };
}

export function grace(dice: Dice, length: number): number {
  return dice.pick(0, 0, 1, Math.floor(length / 2), length, 3 * length);
}

/** Tables of the same text may be joined: their keys are alike. Grace is no part of a key. */
export function windowText({ graceMs: _, ...window }: WindowOf): string {
  return JSON.stringify(window);
}

/** How long the rows of a window are kept at least: shorter is refused. */
export function leastRetention({ type, sizeMs, differenceMs, gapMs, graceMs }: WindowOf): number {
  if (type === 'sliding') return 2 * differenceMs! + graceMs;
  return (type === 'session' ? gapMs! : sizeMs!) + graceMs;
}
