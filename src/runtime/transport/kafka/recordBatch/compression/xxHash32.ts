const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

/** The checksum of LZ4 frames: xxHash of 32 bits, seed 0. */
export function xxHash32(bytes: Buffer, from: number = 0, to: number = bytes.length): number {
  const length = to - from;
  let at = from;
  let hash = prime5;
  if (length >= 16) {
    let a = (prime1 + prime2) | 0;
    let b = prime2 | 0;
    let c = 0;
    let d = -prime1 | 0;
    for (; at + 16 <= to; at += 16) {
      a = round(a, bytes.readInt32LE(at));
      b = round(b, bytes.readInt32LE(at + 4));
      c = round(c, bytes.readInt32LE(at + 8));
      d = round(d, bytes.readInt32LE(at + 12));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= to; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readInt32LE(at), prime3)) | 0, 17), prime4);
  }
  for (; at < to; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  }
  return avalanche(hash);
}

function round(lane: number, four: number): number {
  return Math.imul(rotate((lane + Math.imul(four, prime2)) | 0, 13), prime1);
}

function avalanche(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), prime2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), prime3);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
