import type { Sale } from './job.ts';

const minute = 60_000;
const nine = Date.UTC(2026, 0, 1, 9);

/** In order of arrival. The last two belong to 09:00: one comes within the grace of 30 s, one after it. */
export const sales: readonly Sale[] = [
  { shop: 'hanok', cents: 1200, at: nine },
  { shop: 'hanok', cents: 800, at: nine + 20_000 },
  { shop: 'hanok', cents: 500, at: nine + minute },
  { shop: 'hanok', cents: 300, at: nine + 59_000 },
  { shop: 'hanok', cents: 700, at: nine + minute + 30_000 },
  { shop: 'hanok', cents: 999, at: nine + 10_000 },
];
