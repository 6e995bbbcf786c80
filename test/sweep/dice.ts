import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';

/** Random choices that are the same for the same name. */
export class Dice {
  readonly #next: () => number;

  constructor(name: string) {
    let hash = 0x811c9dc5;
    for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
    this.#next = seededRandom(hash);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** Both ends may come. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  pick<T>(...choices: readonly T[]): T {
    return this.from(choices);
  }

  from<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('nothing to choose from');
    return choices[this.between(0, choices.length - 1)]!;
  }

  /** A choice by weight. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let at = this.#next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      at -= weight;
      if (at < 0) return choice;
    }
    return choices.at(-1)![1];
  }
}
