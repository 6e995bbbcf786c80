import { DecompressedTooLarge } from './decompressedTooLarge.ts';
import { newMatchTable } from './findMatches.ts';
import { readSnappyBlock, snappyBlockBound, snappyLength, writeSnappyBlock } from './snappyBlock.ts';

/** What snappy-java, and with it the Java client, writes before blocks that each have a length; other writers give one bare block. */
const xerialHeader = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const magicBytes = 8;
/** The first bytes of the magic, where a length is expected: another stream begins. */
const magicAsLength = xerialHeader.readInt32BE(0);
const blockBytes = 32 * 1024;

/** Blocks in snappy-java's framing: a Java consumer reads the bare form too, older clients of other languages do not. */
export function snappyCompress(source: Buffer): Buffer {
  const blocks = Math.ceil(source.length / blockBytes);
  const target = Buffer.allocUnsafeSlow(
    xerialHeader.length + 4 * blocks + snappyBlockBound(source.length, blocks),
  );
  const table = newMatchTable(Math.min(source.length, blockBytes));
  let at = xerialHeader.copy(target);
  for (let from = 0; from < source.length; from += blockBytes) {
    const to = Math.min(from + blockBytes, source.length);
    const end = writeSnappyBlock(source, from, to, target, at + 4, table);
    target.writeInt32BE(end - at - 4, at);
    at = end;
  }
  return target.subarray(0, at);
}

/** Both framings. Throws for what is neither; DecompressedTooLarge beyond `limit` bytes. */
export function snappyDecompress(source: Buffer, limit: number): Buffer {
  const blocks = blocksOf(source);
  let total = 0;
  for (const { length } of blocks) total += length;
  if (total > limit) throw new DecompressedTooLarge(limit);
  const target = Buffer.allocUnsafeSlow(total);
  let out = 0;
  for (const { at, end, length } of blocks) {
    readSnappyBlock(source, at, end, target, out, out + length);
    out += length;
  }
  return target;
}

/** A block stands from `at` to `end`, for `length` bytes. */
interface Block {
  readonly at: number;
  readonly end: number;
  readonly length: number;
}

function blocksOf(source: Buffer): Block[] {
  if (!source.subarray(0, magicBytes).equals(xerialHeader.subarray(0, magicBytes))) {
    return [{ ...snappyLength(source, 0, source.length), end: source.length }];
  }
  if (source.length < xerialHeader.length) throw new Error('a stream that ends early');
  const blocks: Block[] = [];
  for (let start = xerialHeader.length; start < source.length; ) {
    if (start + 4 > source.length) throw new Error('a stream that ends early');
    const bytes = source.readInt32BE(start);
    const end = bytes === magicAsLength ? start + xerialHeader.length : start + 4 + bytes;
    if (end <= start || end > source.length) throw new Error(`a block of ${bytes} bytes`);
    if (bytes !== magicAsLength) blocks.push({ ...snappyLength(source, start + 4, end), end });
    start = end;
  }
  return blocks;
}
