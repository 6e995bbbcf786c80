/** Below this a loop is faster than a call into Node. */
const short = 32;

export function copyBytes(source: Buffer, from: number, target: Buffer, at: number, length: number): void {
  if (length > short) source.copy(target, at, from, from + length);
  else for (let index = 0; index < length; index++) target[at + index] = source[from + index]!;
}

/** Writes again what stands `distance` bytes before `at`; a shorter distance than length repeats a pattern. */
export function repeatBytes(target: Buffer, at: number, distance: number, length: number): void {
  if (length > short) repeatMany(target, at, distance, length);
  else for (let index = at; index < at + length; index++) target[index] = target[index - distance]!;
}

/** Each step doubles what can be copied at once. */
function repeatMany(target: Buffer, at: number, distance: number, length: number): void {
  const from = at - distance;
  const end = at + length;
  for (let out = at; out < end; ) {
    const known = Math.min(out - from, end - out);
    target.copyWithin(out, from, from + known);
    out += known;
  }
}
