/** Zigzag variable-length integers, as record batches have them. */

/** Bytes a 32-bit integer takes. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Writes a 32-bit integer and returns the place behind it. */
export function writeVarint(buffer: Buffer, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let end = at;
  while (zigzag >= 0x80) {
    buffer[end++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  buffer[end++] = zigzag;
  return end;
}

/** Bytes a safe integer takes when written as 64 bits. */
export function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value);
  let rest = Math.floor(magnitude(value) / 64);
  let size = 1;
  while (rest > 0) {
    size++;
    rest = Math.floor(rest / 128);
  }
  return size;
}

/** Writes a safe integer as 64 bits and returns the place behind it. */
export function writeVarlong(buffer: Buffer, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(buffer, at, value);
  // The zigzag of a safe integer may not be one, so its lowest bit, the sign, is kept apart.
  let rest = magnitude(value);
  let byte = ((rest % 64) << 1) | (value < 0 ? 1 : 0);
  let end = at;
  rest = Math.floor(rest / 64);
  while (rest > 0) {
    buffer[end++] = byte | 0x80;
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  buffer[end++] = byte;
  return end;
}

function magnitude(value: number): number {
  return value < 0 ? -(value + 1) : value;
}
