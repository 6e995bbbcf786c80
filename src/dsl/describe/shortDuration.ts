const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** Milliseconds as a person would write them, in the largest unit that gives a whole number: 300000 is '5m'. */
export function shortDuration(milliseconds: number): string {
  const unit = units.find(([, factor]) => milliseconds % factor === 0);
  return unit === undefined || milliseconds === 0
    ? `${milliseconds}ms`
    : `${milliseconds / unit[1]}${unit[0]}`;
}
