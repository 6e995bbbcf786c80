import type { CommitMeta } from './commitMeta.ts';

/**
 * The changelog of the first store has all commits; those of others are asked where retention has left none of it. They come
 * before it does: of a task that was taken over in between, they may be all that counts of a commit.
 */
export class LastCommit {
  readonly #first: string;
  #ofFirst: CommitMeta | undefined;
  #ofOthers: CommitMeta | undefined;

  constructor(first: string, local: CommitMeta | undefined) {
    this.#first = first;
    this.#ofFirst = local;
  }

  get commit(): CommitMeta | undefined {
    return this.#ofFirst ?? this.#ofOthers;
  }

  take(topic: string, meta: CommitMeta): void {
    if (topic === this.#first) this.#ofFirst = meta;
    else if (meta.sequence > (this.#ofOthers?.sequence ?? 0)) this.#ofOthers = meta;
  }
}
