import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Compression } from '../../../compression.ts';
import { lz4Compress } from './lz4Frame.ts';
import { snappyCompress } from './snappyStream.ts';

/** Records as the Java client would compress them, with its levels. */
export function compress(compression: Exclude<Compression, 'none'>, records: Buffer): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(records);
    case 'snappy':
      return snappyCompress(records);
    case 'lz4':
      return lz4Compress(records);
    case 'zstd':
      return zstdCompressSync(records);
  }
}
