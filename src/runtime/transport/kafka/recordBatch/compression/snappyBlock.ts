import { copyBytes, repeatBytes } from './copyBytes.ts';
import { findMatches, type MatchTable } from './findMatches.ts';

/** A copy of 64 bytes takes three. */
const bestRatio = 22;
const longestPrefix = 5;
/** Beyond this many literals their number takes bytes of its own. */
const shortLiterals = 60;

/** Bytes that `length` bytes in so many blocks take at most. */
export function snappyBlockBound(length: number, blocks: number): number {
  return length + Math.ceil(length / 6) + blocks * (longestPrefix + 16);
}

/** Writes a block of at most 64 KiB; returns the place behind it. */
export function writeSnappyBlock(
  source: Buffer,
  from: number,
  to: number,
  target: Buffer,
  start: number,
  table: MatchTable,
): number {
  let at = writeLength(target, start, to - from);
  const anchor = findMatches(source, from, to, table, (literalStart, literals, distance, length) => {
    if (literals > 0) at = writeLiterals(source, literalStart, literals, target, at);
    at = writeCopies(target, at, distance, length);
  });
  return anchor < to ? writeLiterals(source, anchor, to - anchor, target, at) : at;
}

function writeLength(target: Buffer, start: number, length: number): number {
  let at = start;
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}

function writeLiterals(source: Buffer, from: number, length: number, target: Buffer, start: number): number {
  let at = start;
  const rest = length - 1;
  if (rest < shortLiterals) target[at++] = rest << 2;
  else if (rest < 0x100) {
    target[at++] = shortLiterals << 2;
    target[at++] = rest;
  } else {
    target[at++] = (shortLiterals + 1) << 2;
    target[at++] = rest & 0xff;
    target[at++] = rest >> 8;
  }
  copyBytes(source, from, target, at, length);
  return at + length;
}

function writeCopies(target: Buffer, start: number, distance: number, length: number): number {
  let at = start;
  let rest = length;
  // A copy is of 64 bytes at most, and none of fewer than 4 may be left over.
  while (rest > 64) {
    const part = rest < 68 ? 60 : 64;
    at = writeFarCopy(target, at, distance, part);
    rest -= part;
  }
  if (rest > 11 || distance > 0x7ff) return writeFarCopy(target, at, distance, rest);
  target[at++] = 1 | ((rest - 4) << 2) | ((distance >> 8) << 5);
  target[at++] = distance & 0xff;
  return at;
}

function writeFarCopy(target: Buffer, at: number, distance: number, length: number): number {
  target[at] = 2 | ((length - 1) << 2);
  target[at + 1] = distance & 0xff;
  target[at + 2] = distance >> 8;
  return at + 3;
}

/** How long what a block stands for is, as it says itself, and where the block goes on. Throws for what cannot be true. */
export function snappyLength(
  source: Buffer,
  from: number,
  to: number,
): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let index = 0; index < longestPrefix && from + index < to; index++) {
    const byte = source[from + index]!;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    if (length > (to - from) * bestRatio) throw new Error(`${length} bytes in a block too short for them`);
    return { length, at: from + index + 1 };
  }
  throw new Error('a block without a length');
}

/** Reads a block, from behind its length on, to `start` of the target up to exactly `end`. Throws for what is no block. */
export function readSnappyBlock(
  source: Buffer,
  from: number,
  to: number,
  target: Buffer,
  start: number,
  end: number,
): void {
  let at = from;
  let out = start;
  while (at < to) {
    const tag = source[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >>> 2) + 1;
      const extra = Math.max(0, length - shortLiterals);
      if (at + extra > to) unreadable('that ends early');
      if (extra > 0) length = littleEndian(source, at, extra) + 1;
      at += extra;
      if (at + length > to) unreadable('that ends early');
      if (out + length > end) unreadable('longer than it says');
      copyBytes(source, at, target, out, length);
      at += length;
      out += length;
      continue;
    }
    const bytes = kind === 3 ? 4 : kind;
    if (at + bytes > to) unreadable('that ends early');
    let distance: number;
    if (kind === 1) distance = ((tag >>> 5) << 8) | source[at]!;
    else distance = kind === 2 ? source[at]! | (source[at + 1]! << 8) : littleEndian(source, at, 4);
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    at += bytes;
    if (distance === 0 || distance > out - start) unreadable(`that refers ${distance} bytes back`);
    if (out + length > end) unreadable('longer than it says');
    repeatBytes(target, out, distance, length);
    out += length;
  }
  if (out !== end) unreadable('shorter than it says');
}

function littleEndian(source: Buffer, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes - 1; index >= 0; index--) value = value * 256 + source[at + index]!;
  return value;
}

function unreadable(how: string): never {
  throw new Error(`a block ${how}`);
}
