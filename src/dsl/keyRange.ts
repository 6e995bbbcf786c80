import { Buffer } from 'node:buffer';
import type { Encoded } from './codecs/codec.ts';

/** Encoded keys with from <= key < until, bytewise; those of one group share `from`. */
export interface KeyRange {
  readonly from: Encoded;
  readonly until: Encoded;
}

/** from <= key < until, bytewise; what is left out is no bound. */
export interface RowRange {
  readonly from?: Encoded | undefined;
  readonly until?: Encoded | undefined;
  /** From the last to the first. */
  readonly reverse?: boolean | undefined;
}

/** The least key after this one. */
export function rightBehind(key: Encoded): Encoded {
  return typeof key === 'string' ? `${key}\0` : Buffer.concat([key, Buffer.alloc(1)]);
}
