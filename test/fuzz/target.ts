import type { Random } from './mutate.ts';

/** Something that reads bytes from outside. */
export interface Target {
  readonly name: string;
  /** How many of the inputs it gets, in relation to the others. */
  readonly share: number;
  make(random: Random): Buffer;
  /** May throw a MillraceError, and nothing else. */
  run(input: Buffer): void;
}
