import type { Judgement } from './judge.ts';

const kinds = ['exact', 'equivalent', 'left out', 'different'] as const;
type Counts = Record<Judgement['is'], number>;
const none: Counts = { exact: 0, equivalent: 0, 'left out': 0, different: 0 };

/** How many cases were compared how, by area, and why some were not compared exactly. */
export class Tally {
  readonly #areas = new Map<string, Counts>();
  readonly #reasons = new Map<string, number>();

  add(area: string, judgement: Judgement): void {
    const counts = this.#areas.get(area) ?? none;
    this.#areas.set(area, { ...counts, [judgement.is]: counts[judgement.is] + 1 });
    if (!('why' in judgement)) return;
    const reason = `${judgement.is}: ${judgement.why}`;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  get cases(): number {
    return kinds.reduce((sum, kind) => sum + this.#sum(kind), 0);
  }

  get differences(): number {
    return this.#sum('different');
  }

  /** A line per area, and one per reason. */
  lines(): string[] {
    const row = (name: string, cells: readonly (string | number)[]): string =>
      name.padEnd(20) + cells.map((cell) => String(cell).padStart(12)).join('');
    const areas = [...this.#areas].map(([area, counts]) =>
      row(
        area,
        kinds.map((kind) => counts[kind]),
      ),
    );
    const all = row(
      'all',
      kinds.map((kind) => this.#sum(kind)),
    );
    const reasons = [...this.#reasons]
      .sort()
      .map(([reason, count]) => `${String(count).padStart(8)} ${reason}`);
    return [row('', kinds), ...areas, all, ...reasons];
  }

  #sum(kind: Judgement['is']): number {
    return [...this.#areas.values()].reduce((sum, counts) => sum + counts[kind], 0);
  }
}
