import { isUtf8 } from 'node:buffer';

/** Node's own slicer, without the dispatch by name of an encoding that `toString` does on every call. */
interface Utf8Buffer {
  utf8Slice(start: number, end: number): string;
}

const replacement = '\ufffd';

/** The text of some bytes; undefined where they are not well-formed UTF-8. */
export function readText(buffer: Buffer, start: number, end: number): string | undefined {
  const text = (buffer as unknown as Utf8Buffer).utf8Slice(start, end);
  // What is malformed reads as U+FFFD; only a text that has one need be looked at again.
  if (text.includes(replacement) && !isUtf8(buffer.subarray(start, end))) return undefined;
  return text;
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
