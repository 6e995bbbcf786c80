import fc from 'fast-check';

/** Bytes that repeat themselves near and far, overlapping and not, with noise between; up to some hundred KB. */
export const compressible: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.record({ noise: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({ back: fc.nat({ max: 70_000 }), length: fc.nat({ max: 3_000 }) }),
      fc.record({ byte: fc.nat({ max: 255 }), length: fc.nat({ max: 70_000 }) }),
    ),
    { maxLength: 25 },
  )
  .map((pieces) => {
    let bytes = Buffer.alloc(0);
    for (const piece of pieces) bytes = Buffer.concat([bytes, expand(bytes, piece)]);
    return bytes;
  });

type Piece =
  | { readonly noise: Uint8Array }
  | { readonly back: number; readonly length: number }
  | { readonly byte: number; readonly length: number };

function expand(before: Buffer, piece: Piece): Buffer {
  if ('noise' in piece) return Buffer.from(piece.noise);
  if ('byte' in piece) return Buffer.alloc(piece.length, piece.byte);
  const from = Math.max(0, before.length - piece.back - 1);
  return before.subarray(from, from + piece.length);
}

/** What test/vectors/lz4Frames.json holds, as the lz4 command (1.9.4) wrote it with the options that are the names there. */
export const text: Buffer = Buffer.from(
  Array.from(
    { length: 3000 },
    (_, index) => `line ${index % 700} of a text that refers far back, ${index % 7}\n`,
  ).join(''),
);
