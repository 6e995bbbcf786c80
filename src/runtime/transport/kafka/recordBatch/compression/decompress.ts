import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Compression } from '../../../compression.ts';
import { DecompressedTooLarge } from './decompressedTooLarge.ts';
import { lz4Decompress } from './lz4Frame.ts';
import { snappyDecompress } from './snappyStream.ts';

/** Throws what the codec has to say of damaged bytes, and DecompressedTooLarge before more than `limit` bytes are held. */
export function decompress(compression: Exclude<Compression, 'none'>, bytes: Buffer, limit: number): Buffer {
  switch (compression) {
    case 'gzip':
      return bounded(() => gunzipSync(bytes, { maxOutputLength: limit }), limit);
    case 'snappy':
      return snappyDecompress(bytes, limit);
    case 'lz4':
      return lz4Decompress(bytes, limit);
    case 'zstd':
      return bounded(() => zstdDecompress(bytes, limit), limit);
  }
}

interface Decompressed {
  readonly buffer: Buffer;
  /** What was read is told there as what was written. */
  readonly engine: { readonly bytesWritten: number };
}

/** Each frame costs a context of its own, whatever is in it. */
const maxFrames = 256;

/** Node reads a single frame, there may be more. */
function zstdDecompress(bytes: Buffer, limit: number): Buffer {
  const frames: Buffer[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length; ) {
    const options = { maxOutputLength: Math.max(1, limit - total), info: true };
    // The types of Node do not know what `info` does.
    const { buffer, engine } = zstdDecompressSync(bytes.subarray(at), options) as unknown as Decompressed;
    if (engine.bytesWritten === 0 || frames.push(buffer) > maxFrames)
      throw new Error('not a few whole frames');
    total += buffer.length;
    at += engine.bytesWritten;
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames, total);
}

function bounded(inflate: () => Buffer, limit: number): Buffer {
  try {
    return inflate();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new DecompressedTooLarge(limit);
    throw error;
  }
}
