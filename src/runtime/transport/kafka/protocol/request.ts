import type { Decoder } from './decoder.ts';
import type { Encoder } from './encoder.ts';

/** One call of one API: what to write and how to read the answer. Every file of this folder makes one of these. */
export interface Request<T> {
  readonly apiKey: number;
  readonly version: number;
  /** Header and body carry tagged fields (the API's "flexibleVersions"). */
  readonly flexible?: boolean;
  readonly body: (encoder: Encoder) => void;
  readonly parse: (decoder: Decoder) => T;
  /** false: the broker does not answer (produce with acks=0). */
  readonly expectResponse?: boolean;
}
