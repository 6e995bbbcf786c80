import avsc from 'avsc';

/** What avsc hands to a type: the bytes and how far it has come in them. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  writeLong(value: number): void;
}

/** Up to here avsc's own arithmetic is exact. */
const surelyExact = 2 ** 52;

/**
 * Avro's long, exact up to 2^53 - 1 either way. avsc's own doubles the number to encode its sign, which takes it past 2^53:
 * -4503599627370497 comes back as 4503599627370496. Neither of its types for large numbers takes part in promotion.
 */
export const avroLong: avsc.Type = Object.create(new avsc.types.LongType(), {
  _check: {
    value(
      value: unknown,
      _flags: unknown,
      hook: ((value: unknown, type: avsc.Type) => void) | undefined,
    ): boolean {
      const fits = Number.isSafeInteger(value);
      if (!fits) hook?.(value, avroLong);
      return fits;
    },
  },
  _read: { value: read },
  _write: { value: write },
}) as avsc.Type;

/** Reads a long that was promoted as exactly as the long itself. */
function promoting(type: avsc.Type): avsc.Type {
  const { _update } = type as unknown as Updating;
  return Object.create(type, {
    _update: {
      value(resolver: { _read: unknown }, writer: avsc.Type, options: unknown): void {
        _update.call(type, resolver, writer, options);
        if (writer === avroLong) resolver._read = read;
      },
    },
  }) as avsc.Type;
}

interface Updating {
  /** Sets how the resolver reads what the writer's type wrote. */
  _update(resolver: object, writer: avsc.Type, options: unknown): void;
}

export const avroDouble: avsc.Type = promoting(new avsc.types.DoubleType());
export const avroFloat: avsc.Type = promoting(new avsc.types.FloatType());

function read(tap: Tap): number {
  const start = tap.pos;
  const value = tap.readLong();
  if (Math.abs(value) < surelyExact) return value;
  const exact = readExactly(tap.buf, start);
  if (Number.isSafeInteger(exact)) return exact;
  throw new Error('a long beyond 2^53 - 1 is not exact as a number');
}

/** The lowest bit is the sign, so the magnitude is read without it. */
function readExactly(source: Buffer, start: number): number {
  let position = start;
  let byte = source[position++] ?? 0;
  const negative = (byte & 1) === 1;
  let magnitude = (byte & 0x7f) >> 1;
  for (let scale = 64; (byte & 0x80) !== 0; scale *= 128) {
    byte = source[position++] ?? 0;
    magnitude += (byte & 0x7f) * scale;
  }
  return negative ? -magnitude - 1 : magnitude;
}

function write(tap: Tap, value: number): void {
  if (!Number.isSafeInteger(value)) throw new Error(`invalid "long": ${String(value)}`);
  if (Math.abs(value) < surelyExact) tap.writeLong(value);
  else writeExactly(tap, value);
}

/** Beyond the end of the buffer avsc only counts: it comes again with a larger one. */
function writeExactly(tap: Tap, value: number): void {
  const { buf } = tap;
  const magnitude = value < 0 ? -value - 1 : value;
  buf[tap.pos++] = 0x80 | ((magnitude % 64) << 1) | (value < 0 ? 1 : 0);
  let rest = Math.floor(magnitude / 64);
  for (; rest >= 128; rest = Math.floor(rest / 128)) buf[tap.pos++] = 0x80 | (rest % 128);
  buf[tap.pos++] = rest;
}
