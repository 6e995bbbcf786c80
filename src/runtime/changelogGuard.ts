import { type Claim, claimedIn } from './changelogClaims.ts';
import type { Batch } from './transport/transport.ts';

/** Says of each record of a changelog, in their order, whether it counts, and remembers which keys those that do not have covered. */
export class ChangelogGuard {
  #claims: Claim[];
  /** undefined: nobody has claimed it, or so long ago that the claim is gone: all records count. */
  #owner: number | undefined;
  /** It says what its rows are. */
  isDescribed = false;
  readonly #covered = new Map<string, Buffer>();

  constructor(claims: readonly Claim[]) {
    this.#claims = [...claims];
    this.#owner = claims.at(-1)?.producerId;
  }

  /** That stand now, oldest first. */
  get claims(): readonly Claim[] {
    return [...this.#claims];
  }

  get owner(): number | undefined {
    return this.#owner;
  }

  /**
   * Keys whose last record does not count. Compaction will leave nothing but that one of each: whoever owns the changelog has
   * to write what counts behind it.
   */
  get covered(): readonly Buffer[] {
    return [...this.#covered.values()];
  }

  /** Takes in a claim, or one that is withdrawn. false: the record is neither. */
  takes(batch: Batch, key: Buffer): boolean {
    const nonce = claimedIn(batch, key);
    if (nonce === undefined) return false;
    if (batch.valueBytes() === null) this.#claims = this.#claims.filter((claim) => claim.nonce !== nonce);
    else {
      const { producerId } = batch;
      this.#claims.push({ nonce, producerId });
      this.#owner = producerId;
    }
    return true;
  }

  counts({ producerId }: Batch, key: Buffer): boolean {
    const counted = this.#owner === undefined || producerId === this.#owner;
    if (counted && this.#covered.size === 0) return true;
    const name = key.toString('latin1');
    if (counted) this.#covered.delete(name);
    else this.#covered.set(name, Buffer.from(key));
    return counted;
  }
}
