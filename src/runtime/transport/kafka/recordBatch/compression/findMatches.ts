/**
 * Takes a repetition: `literals` bytes from `start` are new, and `length` bytes behind them stood `distance` bytes before.
 */
export type TakeMatch = (start: number, literals: number, distance: number, length: number) => void;

/** Of the table: the more, the more is found, and the more there is to clear. */
const fewestBits = 8;
const mostBits = 14;
const minMatch = 4;
/** LZ4 wants the last match to begin this far before the end, and the last bytes to be literals. */
const lastMatchStart = 12;
const lastLiterals = 5;
/** The longer nothing repeats, the larger the steps: what is compressed already costs little. */
const patience = 6;

/** Where bytes were seen last, by a hash of four of them. To be used for one block after another. */
export interface MatchTable {
  readonly places: Uint16Array;
  /** Of the hash that are not used. */
  readonly shift: number;
}

/** For blocks of up to `length` bytes. */
export function newMatchTable(length: number): MatchTable {
  const bits = Math.min(mostBits, Math.max(fewestBits, 32 - Math.clz32(length)));
  return { places: new Uint16Array(1 << bits), shift: 32 - bits };
}

/**
 * Finds repetitions in one block of at most 64 KiB, greedily; nothing before `from` is referred to. Returns where the
 * literals begin that are left at the end.
 */
export function findMatches(
  source: Buffer,
  from: number,
  to: number,
  { places, shift }: MatchTable,
  take: TakeMatch,
): number {
  places.fill(0);
  let anchor = from;
  let misses = 1 << patience;
  const last = to - lastMatchStart;
  const matchEnd = to - lastLiterals;
  // Zero in the table means "at the first byte", so the search begins behind it.
  for (let at = from + 1; at <= last; ) {
    const four = fourBytes(source, at);
    const slot = Math.imul(four, 0x9e3779b1) >>> shift;
    let earlier = from + places[slot]!;
    places[slot] = at - from;
    if (fourBytes(source, earlier) !== four) {
      at += misses++ >> patience;
      continue;
    }
    let start = at;
    while (start > anchor && earlier > from && source[start - 1] === source[earlier - 1]) {
      start--;
      earlier--;
    }
    const distance = start - earlier;
    at += minMatch;
    while (at < matchEnd && source[at] === source[at - distance]) at++;
    take(anchor, start - anchor, distance, at - start);
    anchor = at;
    misses = 1 << patience;
  }
  return anchor;
}

function fourBytes(source: Buffer, at: number): number {
  return source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
}
