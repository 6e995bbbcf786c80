import { createRequire } from 'node:module';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { MillraceError } from '../../../../errors.ts';
import type { TopicPartition } from '../../transport.ts';
import { type BatchHeader, corrupt } from './batchHeader.ts';
import { attributeBits, batchLayout } from './batchLayout.ts';

/** More than a broker takes in one batch by far; a batch that says it is larger is damaged or meant to do harm. */
const maxOutputLength = 0x4000_0000;

/** In the order of their numbers in the attributes. */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type CodecName = (typeof codecNames)[number];

/** What snappy-java writes before blocks that each have a length; other writers compress the whole in one piece. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;

/** Where the records of a batch can be read: in place, or in a buffer of their own. CORRUPT_BATCH. */
export function openRecords(
  buffer: Buffer,
  header: BatchHeader,
  partition: TopicPartition,
): { readonly records: Buffer; readonly start: number; readonly end: number } {
  const codec = header.attributes & attributeBits.compression;
  const start = header.start + batchLayout.records;
  if (codec === 0) return { records: buffer, start, end: header.end };
  const name = codecNames[codec];
  if (name === undefined) throw unknownCodec(codec, header, partition);
  const decompress = decompressor(name);
  try {
    const records = decompress(buffer.subarray(start, header.end));
    return { records, start: 0, end: records.length };
  } catch (error) {
    throw corrupt(partition, header.baseOffset, `records compressed with ${name}`, 'what is not', error);
  }
}

type Decompress = (bytes: Buffer) => Buffer;

/** Snappy and lz4 are needed by few: loaded when the first batch asks for them. */
function decompressor(codec: CodecName): Decompress {
  const load = createRequire(import.meta.url);
  switch (codec) {
    case 'gzip':
      return (bytes) => gunzipSync(bytes, { maxOutputLength });
    case 'snappy': {
      const { uncompress } = load('snappyjs') as Snappy;
      return (bytes) => unsnappy(bytes, uncompress);
    }
    case 'lz4':
      return (load('lz4-napi') as typeof import('lz4-napi')).decompressFrameSync;
    case 'zstd':
      return (bytes) => zstdDecompressSync(bytes, { maxOutputLength });
    case 'none':
      return (bytes) => bytes;
  }
}

interface Snappy {
  uncompress(bytes: Buffer, maxLength: number): Buffer;
}

function unsnappy(bytes: Buffer, uncompress: Snappy['uncompress']): Buffer {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return uncompress(bytes, maxOutputLength);
  const blocks: Buffer[] = [];
  let total = 0;
  for (let at = xerialHeaderBytes; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length) throw new RangeError(`a block of ${length} bytes`);
    const block = uncompress(bytes.subarray(at, at + length), maxOutputLength - total);
    total += block.length;
    blocks.push(block);
    at += length;
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks, total);
}

function unknownCodec(
  codec: number,
  header: BatchHeader,
  { topic, partition }: TopicPartition,
): MillraceError {
  return new MillraceError('CORRUPT_BATCH', 'a record batch is compressed in a way millrace does not know', {
    topic,
    partition,
    offset: header.baseOffset,
    expected: codecNames.map((name, number) => `${number} (${name})`).join(', '),
    found: `${codec}`,
    next: 'Set compression.type of the topic to one of these and write the records again, or use a newer millrace.',
  });
}
