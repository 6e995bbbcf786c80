import type { Encoded } from '../../dsl/codecs/codec.ts';

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * The hash Kafka's Java clients place keys by, as a signed 32-bit integer: of the bytes, or of the UTF-8 bytes of a text.
 *
 * @example
 * murmur2('21'); // -973932308
 */
export function murmur2(key: Encoded): number {
  if (typeof key !== 'string') return ofBytes(key);
  return ofAscii(key) ?? ofBytes(Buffer.from(key));
}

/** The partition of a key, as Java's default partitioner chooses it. */
export function partitionOf(key: Encoded, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function ofBytes(bytes: Buffer): number {
  const length = bytes.length;
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let at = 0; at < whole; at += 4) {
    hash = mix(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  let rest = 0;
  for (let at = length - 1; at >= whole; at--) rest = (rest << 8) | bytes[at]!;
  return finish(whole === length ? hash : Math.imul(hash ^ rest, multiplier));
}

/** The same over the characters; undefined where one of them takes more than a byte. */
function ofAscii(text: string): number | undefined {
  const length = text.length;
  const whole = length & ~3;
  let hash = seed ^ length;
  let seen = 0;
  for (let at = 0; at < whole; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    seen |= a | b | c | d;
    hash = mix(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let rest = 0;
  for (let at = length - 1; at >= whole; at--) {
    const code = text.charCodeAt(at);
    seen |= code;
    rest = (rest << 8) | code;
  }
  if (seen > 0x7f) return undefined;
  return finish(whole === length ? hash : Math.imul(hash ^ rest, multiplier));
}

function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, multiplier);
  return Math.imul(hash, multiplier) ^ Math.imul(scrambled ^ (scrambled >>> 24), multiplier);
}

function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 13), multiplier);
  return mixed ^ (mixed >>> 15);
}
