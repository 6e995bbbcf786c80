/** Numbers from 0 to below 1. */
export type Random = () => number;

const bytes = [0, 1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff];
const integers = [0, 1, -1, 0x7f, 0xff, 0x7fff, 0xffff, 0x10_0000, 0x7fff_ffff, -0x8000_0000];

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)]!;
}

export function randomBytes(random: Random, length: number): Buffer {
  const made = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) made[at] = random() * 256;
  return made;
}

/** A copy with a few changes of the kinds that find mistakes in decoders; `other` lends pieces of itself. */
export function mutate(random: Random, original: Buffer, other: Buffer): Buffer {
  let mutated: Buffer = Buffer.from(original);
  for (let left = 1 + below(random, 4); left > 0; left--) {
    if (mutated.length < 8) return shorterOrLonger(random, mutated);
    mutated = change(random, mutated, other);
  }
  return mutated;
}

function change(random: Random, of: Buffer, other: Buffer): Buffer {
  const at = below(random, of.length - 7);
  switch (below(random, 9)) {
    case 0:
      of[at]! ^= 1 << below(random, 8);
      return of;
    case 1:
      of[at] = oneOf(random, bytes);
      return of;
    case 2:
      of[at] = random() * 256;
      return of;
    case 3:
      of.writeInt32BE(oneOf(random, integers), at);
      return of;
    case 4:
      of.writeInt32LE(oneOf(random, integers), at);
      return of;
    case 5: // a variable-length integer of five bytes, or one that does not end
      of.fill(0xff, at, at + 5 + below(random, 3));
      return of;
    case 6:
      return Buffer.concat([of.subarray(0, at), of.subarray(at + 1 + below(random, 8))]);
    case 7:
      return Buffer.concat([of.subarray(0, at), piece(random, other), of.subarray(at)]);
    default:
      return of.subarray(0, random() < 0.3 ? at : of.length);
  }
}

/** Too short for most changes: less of it, or more. */
function shorterOrLonger(random: Random, of: Buffer): Buffer {
  if (random() < 0.5) return of.subarray(0, below(random, of.length + 1));
  return Buffer.concat([of, randomBytes(random, 8)]);
}

function piece(random: Random, of: Buffer): Buffer {
  const from = below(random, of.length);
  return of.subarray(from, from + 1 + below(random, 32));
}
