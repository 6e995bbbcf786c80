import type { Verdict } from './checkCase.ts';
import type { Case } from './format.ts';

/** Counts verdicts, and prints those that are not a plain pass. */
export class Tally {
  passed = 0;
  failed = 0;
  readonly #onlySupported: boolean;
  readonly #missing = new Map<string, string[]>();

  constructor(onlySupported: boolean) {
    this.#onlySupported = onlySupported;
  }

  add({ name, area }: Case, verdict: Verdict): void {
    if (verdict.is === 'not supported') {
      this.#missing.set(verdict.what, [...(this.#missing.get(verdict.what) ?? []), name]);
      if (!this.#onlySupported) this.failed++;
      return;
    }
    if (verdict.is === 'failed') this.failed++;
    else this.passed++;
    if (verdict.is === 'passed') return;
    const title = verdict.is === 'failed' ? 'FAILED' : 'differs, which is no failure:';
    console.log(`${title} ${name} (${area})`);
    if (verdict.is === 'differs') console.log(`  ${verdict.why}`);
    for (const line of verdict.differences) console.log(`  ${line}`);
  }

  /** Tells what is missing, and the last line. */
  end(): string {
    for (const [what, names] of [...this.#missing].sort(([a], [b]) => a.localeCompare(b))) {
      console.log(`not supported: ${what}: ${names.join(', ')}`);
    }
    return `${this.passed} passed, ${this.failed} failed`;
  }
}
