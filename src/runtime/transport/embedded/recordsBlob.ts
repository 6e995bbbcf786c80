import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Header, Headers } from '../../../dsl/message.ts';
import { noHeaders } from '../../../dsl/message.ts';
import { Records } from './records.ts';

/*
 * How a batch's records stand in the file, little-endian: count, flags; then by column timestamps (float64), offsets
 * (uint32, where there are gaps), lengths of keys, of values (int32, -1: none); then each record's key, value and,
 * where the batch has headers, these: number, and for each the lengths and the bytes of name and content.
 */
const withOffsets = 1;
const withHeaders = 2;

export function encodeRecords(records: Records): Buffer {
  const { count, keys, values, headers, offsets } = records;
  const columns = 5 + count * (16 + (offsets === undefined ? 0 : 4));
  let size = columns;
  for (let index = 0; index < count; index++) {
    size += lengthOf(keys[index]!) + lengthOf(values[index]!);
    if (headers !== undefined) size += headersLength(headers[index]!);
  }
  const blob = Buffer.allocUnsafe(size);
  blob.writeUInt32LE(count, 0);
  blob[4] = (offsets === undefined ? 0 : withOffsets) | (headers === undefined ? 0 : withHeaders);
  let column = 5;
  for (const timestamp of records.timestamps) column = blob.writeDoubleLE(timestamp, column);
  for (const offset of offsets ?? []) column = blob.writeUInt32LE(offset, column);
  const keyLengths = column;
  const valueLengths = keyLengths + 4 * count;
  let at = columns;
  for (let index = 0; index < count; index++) {
    at = writePart(blob, keys[index]!, at, keyLengths + 4 * index);
    at = writePart(blob, values[index]!, at, valueLengths + 4 * index);
    if (headers !== undefined) at = writeHeaders(blob, headers[index]!, at);
  }
  return blob;
}

export function decodeRecords(blob: Buffer): Records {
  const records = new Records();
  const count = blob.readUInt32LE(0);
  const flags = blob[4]!;
  const offsets = 5 + 8 * count;
  const keyLengths = offsets + (flags & withOffsets ? 4 * count : 0);
  const valueLengths = keyLengths + 4 * count;
  if (flags & withOffsets) records.offsets = [];
  let at = valueLengths + 4 * count;
  for (let index = 0; index < count; index++) {
    const keyLength = blob.readInt32LE(keyLengths + 4 * index);
    const key = readPart(blob, at, keyLength);
    at += Math.max(0, keyLength);
    const valueLength = blob.readInt32LE(valueLengths + 4 * index);
    const value = readPart(blob, at, valueLength);
    at += Math.max(0, valueLength);
    let headers: Headers = noHeaders;
    if (flags & withHeaders) [headers, at] = readHeaders(blob, at);
    records.push(key, value, blob.readDoubleLE(5 + 8 * index), headers);
    records.offsets?.push(blob.readUInt32LE(offsets + 4 * index));
  }
  return records;
}

function lengthOf(part: Encoded | null): number {
  return part === null ? 0 : Buffer.byteLength(part);
}

/** Answers with where the next part begins. */
function writePart(blob: Buffer, part: Encoded | null, at: number, lengthAt: number): number {
  let length = -1;
  if (typeof part === 'string') length = blob.write(part, at);
  else if (part !== null) length = part.copy(blob, at);
  blob.writeInt32LE(length, lengthAt);
  return at + Math.max(0, length);
}

function readPart(blob: Buffer, at: number, length: number): Buffer | null {
  return length < 0 ? null : blob.subarray(at, at + length);
}

function headersLength(headers: Headers): number {
  let length = 4;
  for (const [name, content] of headers) length += 8 + lengthOf(name) + lengthOf(content);
  return length;
}

function writeHeaders(blob: Buffer, headers: Headers, from: number): number {
  let at = blob.writeUInt32LE(headers.length, from);
  for (const [name, content] of headers) {
    const lengths = at;
    at = writePart(blob, name, lengths + 8, lengths);
    at = writePart(blob, content, at, lengths + 4);
  }
  return at;
}

function readHeaders(blob: Buffer, from: number): [Headers, number] {
  const headers: Header[] = [];
  let at = from + 4;
  for (let left = blob.readUInt32LE(from); left > 0; left--) {
    const nameLength = blob.readInt32LE(at);
    const contentLength = blob.readInt32LE(at + 4);
    const name = blob.toString('utf8', at + 8, at + 8 + nameLength);
    at += 8 + nameLength;
    headers.push([name, readPart(blob, at, contentLength)]);
    at += Math.max(0, contentLength);
  }
  return [headers, at];
}
