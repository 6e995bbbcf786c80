/** Keys in order, any of which may be the next to come. What is added twice comes twice. */
export interface SortedKeys {
  readonly size: number;
  first(): string | undefined;
  last(): string | undefined;
  add(key: string): void;
  /** Takes the first key out. */
  shift(): void;
  /** Takes the last key out. */
  pop(): void;
}

/** Keys in one piece at most: few enough to move when one comes in between. */
const most = 1024;

/** Pieces of sorted keys, so that a key in between moves few others. */
export function sortedKeys(): SortedKeys {
  /** None is empty but for what was taken out of the first. */
  const pieces: string[][] = [];
  /** Where the first piece begins. */
  let head = 0;
  let size = 0;

  const split = (index: number): void => {
    const piece = pieces[index]!;
    const from = index === 0 ? head : 0;
    const middle = (from + piece.length) >> 1;
    pieces.splice(index, 1, piece.slice(from, middle), piece.slice(middle));
    if (index === 0) head = 0;
  };
  return {
    get size() {
      return size;
    },
    first: () => pieces[0]?.[head],
    last: () => pieces.at(-1)?.at(-1),
    add(key) {
      size++;
      const last = pieces.at(-1);
      if (last === undefined || (last.length >= most && last.at(-1)! < key)) {
        pieces.push([key]);
        return;
      }
      const found = least(0, pieces.length - 1, (index) => pieces[index]!.at(-1)! > key);
      const piece = pieces[found]!;
      const at = least(found === 0 ? head : 0, piece.length, (index) => piece[index]! > key);
      if (at === piece.length) piece.push(key);
      else piece.splice(at, 0, key);
      if (piece.length > most) split(found);
    },
    shift() {
      size--;
      if (++head < pieces[0]!.length) return;
      pieces.shift();
      head = 0;
    },
    pop() {
      size--;
      const last = pieces.at(-1)!;
      last.pop();
      if (last.length > (pieces.length === 1 ? head : 0)) return;
      pieces.pop();
      if (pieces.length === 0) head = 0;
    },
  };
}

/** The least number from `from` on for which `holds`, as it does for all behind it; `to` if for none before. */
function least(from: number, to: number, holds: (index: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
