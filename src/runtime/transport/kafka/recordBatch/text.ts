import { isUtf8 } from 'node:buffer';

/** Node's own slicer, without the dispatch by name of an encoding that `toString` does on every call. */
interface Utf8Buffer {
  utf8Slice(start: number, end: number): string;
}

const replacement = '\ufffd';

const character = String.fromCharCode;

/** The text of some bytes; undefined where they are not well-formed UTF-8. */
export function readText(buffer: Buffer, start: number, end: number): string | undefined {
  if (end - start <= 12 && isAscii(buffer, start, end)) return readAscii(buffer, start, end - start);
  const text = (buffer as unknown as Utf8Buffer).utf8Slice(start, end);
  // What is malformed reads as U+FFFD; only a text that has one need be looked at again.
  if (text.includes(replacement) && !isUtf8(buffer.subarray(start, end))) return undefined;
  return text;
}

function isAscii(buffer: Buffer, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= buffer[at]!;
  return bits <= 0x7f;
}

/** Up to 12 characters, as most keys have, cost a third of what the way into Node and back does. */
function readAscii(buffer: Buffer, at: number, length: number): string {
  const [a, b, c, d] = [buffer[at]!, buffer[at + 1]!, buffer[at + 2]!, buffer[at + 3]!];
  if (length <= 4) return upToFour(length, a, b, c, d);
  const [e, f, g, h] = [buffer[at + 4]!, buffer[at + 5]!, buffer[at + 6]!, buffer[at + 7]!];
  if (length === 5) return character(a, b, c, d, e);
  if (length === 6) return character(a, b, c, d, e, f);
  if (length === 7) return character(a, b, c, d, e, f, g);
  if (length === 8) return character(a, b, c, d, e, f, g, h);
  const [i, j, k, l] = [buffer[at + 8]!, buffer[at + 9]!, buffer[at + 10]!, buffer[at + 11]!];
  if (length === 9) return character(a, b, c, d, e, f, g, h, i);
  if (length === 10) return character(a, b, c, d, e, f, g, h, i, j);
  if (length === 11) return character(a, b, c, d, e, f, g, h, i, j, k);
  return character(a, b, c, d, e, f, g, h, i, j, k, l);
}

function upToFour(length: number, a: number, b: number, c: number, d: number): string {
  if (length === 0) return '';
  if (length === 1) return character(a);
  if (length === 2) return character(a, b);
  return length === 3 ? character(a, b, c) : character(a, b, c, d);
}

/** Below this many characters a loop is faster than a call into Node. */
const short = 24;

/** A text that is not ASCII may be written up to here behind its place before that shows. */
export const textSlack = 4;

/**
 * Writes a text as UTF-8 as if it were ASCII: with one byte per character. false where it is not ASCII; what was written
 * is then to be written over. The buffer must have room for `textSlack` bytes more.
 */
export function writeAscii(buffer: Buffer, at: number, text: string): boolean {
  const length = text.length;
  // With room for one more character of any kind, `length` bytes mean `length` characters of one byte.
  if (length > short) return buffer.write(text, at, length + textSlack) === length;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return false;
    buffer[at + index] = code;
  }
  return true;
}
