import type { Encoded } from '../dsl/codecs/codec.ts';

/** Orders encoded keys of one format bytewise, text by its UTF-8 bytes: the order of SQLite's BINARY collation. */
export function compareEncoded(a: Encoded, b: Encoded): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return Buffer.compare(a as Buffer, b as Buffer);
}

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates below U+E000 to U+FFFF, UTF-8 puts the characters they stand for above. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
