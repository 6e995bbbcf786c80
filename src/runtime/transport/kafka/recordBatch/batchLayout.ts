/** Where the fields of a record batch (format 2) stand, in bytes from its first. */
export const batchLayout = {
  baseOffset: 0,
  /** Bytes behind this field. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  /** The checksum covers everything from here on. */
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

export const attributeBits = {
  compression: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const;

/** The bits of the attributes that have a meaning: 0x40 marks a delete horizon, which only the broker's cleaner reads. */
export const knownAttributes = 0x7f;

/** `baseOffset` and `length`: what is not counted by `length`. */
export const lengthOverhead = 12;

const two32 = 0x1_0000_0000;

/** Exact for safe integers; beyond them the nearest number. */
export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * two32 + buffer.readUInt32BE(at + 4);
}

export function writeInt64(buffer: Buffer, at: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / two32), at);
  buffer.writeUInt32BE(value >>> 0, at + 4);
}
