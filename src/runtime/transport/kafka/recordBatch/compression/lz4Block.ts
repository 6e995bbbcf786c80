import { copyBytes, repeatBytes } from './copyBytes.ts';
import { findMatches, type MatchTable } from './findMatches.ts';

const minMatch = 4;

/** Bytes that `length` bytes may take when nothing in them repeats. */
export function lz4BlockBound(length: number): number {
  return length + Math.ceil(length / 255) + 16;
}

/** Bytes a block of `length` bytes can stand for at most. */
export function lz4Expansion(length: number): number {
  return length * 255;
}

/** Writes one block of at most 64 KiB; returns the place behind it. */
export function writeLz4Block(
  source: Buffer,
  from: number,
  to: number,
  target: Buffer,
  start: number,
  table: MatchTable,
): number {
  let at = start;
  const anchor = findMatches(source, from, to, table, (literalStart, literals, distance, length) => {
    const extra = length - minMatch;
    target[at++] = (Math.min(literals, 15) << 4) | Math.min(extra, 15);
    if (literals >= 15) at = writeRest(target, at, literals - 15);
    copyBytes(source, literalStart, target, at, literals);
    at += literals;
    target[at++] = distance & 0xff;
    target[at++] = distance >> 8;
    if (extra >= 15) at = writeRest(target, at, extra - 15);
  });
  const literals = to - anchor;
  target[at++] = Math.min(literals, 15) << 4;
  if (literals >= 15) at = writeRest(target, at, literals - 15);
  copyBytes(source, anchor, target, at, literals);
  return at + literals;
}

function writeRest(target: Buffer, start: number, length: number): number {
  let at = start;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}

/**
 * Reads one block to `start` of the target and returns the place behind what it stood for; below zero where that would be
 * beyond `limit`. It may refer back to `history` in the target. Throws for what is no block.
 */
export function readLz4Block(
  source: Buffer,
  from: number,
  to: number,
  target: Buffer,
  start: number,
  limit: number,
  history: number,
): number {
  let at = from;
  let out = start;
  while (at < to) {
    const token = source[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) more = at < to ? source[at++]! : cutShort();
    }
    if (at + literals > to) cutShort();
    if (out + literals > limit) return -1;
    copyBytes(source, at, target, out, literals);
    at += literals;
    out += literals;
    if (at === to) return out;
    if (at + 2 > to) cutShort();
    const distance = source[at]! | (source[at + 1]! << 8);
    at += 2;
    if (distance === 0 || out - distance < history) throw new Error(`a reference ${distance} bytes back`);
    let length = token & 15;
    if (length === 15) {
      for (let more = 255; more === 255; length += more) more = at < to ? source[at++]! : cutShort();
    }
    length += minMatch;
    if (out + length > limit) return -1;
    repeatBytes(target, out, distance, length);
    out += length;
  }
  return cutShort();
}

function cutShort(): never {
  throw new Error('a block that ends early');
}
