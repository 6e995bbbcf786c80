import { Buffer } from 'node:buffer';
import type avsc from 'avsc';

const proto = Buffer.from('__proto__');

/** Whether avsc wrote half a surrogate pair: in long strings as the replacement character, in short ones as it is. */
export function wroteLoneSurrogate(value: unknown, bytes: Buffer): boolean {
  // ED A0 to ED BF begin U+D800 to U+DFFF as if they were characters, EF BF the replacement. Other data may look like it.
  return (
    (holdsPair(bytes, 0xed, 0xa0, 0xbf) || holdsPair(bytes, 0xef, 0xbf, 0xbf)) && hasLoneSurrogate(value)
  );
}

/**
 * Whether bytes hold a map entry called `__proto__`. avsc sets entries by assignment, so that this one is lost or replaces
 * the prototype, and the value is written back as other bytes.
 */
export function losesProtoEntry(type: avsc.Type, bytes: Buffer): boolean {
  if (!holdsPair(bytes, 0x5f, 0x5f, 0x5f) || !bytes.includes(proto)) return false;
  return !type.toBuffer(type.fromBuffer(bytes)).equals(bytes);
}

/** A byte followed by one from a range. On the few hundred bytes of a record a loop is faster than a native search. */
function holdsPair(bytes: Buffer, first: number, from: number, to: number): boolean {
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at - 1] === first && bytes[at]! >= from && bytes[at]! <= to) return true;
  }
  return false;
}

function hasLoneSurrogate(root: unknown): boolean {
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && !value.isWellFormed()) return true;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    for (const [name, inner] of Object.entries(value)) open.push(name, inner);
  }
  return false;
}
