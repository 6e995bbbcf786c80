import { Buffer } from 'node:buffer';
import type { Codec } from '../../dsl/codecs/codec.ts';
import { readInt64, writeInt64 } from '../../dsl/codecs/int64.ts';
import { freeze } from '../../dsl/freeze.ts';
import type { WindowKey } from '../../dsl/message.ts';
import type { AnyCell, AnyCodec, StoreSpec } from '../../dsl/node.ts';
import type { WindowRows } from './emitClosed.ts';

/** What a store keeps of a session under its end. */
export interface SessionRow {
  readonly start: number;
  readonly value: unknown;
}

export function makeSessionRow(start: number, value: unknown): SessionRow {
  return { start, value: freeze(value) };
}

/** Rows are kept under their end. */
export const showSession: NonNullable<StoreSpec['show']> = ({ key, end }, { value, timestamp }) => [
  { key, start: value.start, end },
  { value: value.value, timestamp },
];

/** Rows that come by end and key; of those that end at one moment, the ones that began earlier first. */
export function* showByStart(rows: WindowRows): WindowRows {
  let together: (readonly [key: WindowKey<unknown>, cell: AnyCell])[] = [];
  for (const [key, cell] of rows) {
    if (together.length > 0 && together[0]![0].end !== key.end) {
      yield* together.sort(byStart);
      together = [];
    }
    together.push(showSession(key, cell));
  }
  yield* together.sort(byStart);
}

const byStart = (
  [a]: readonly [WindowKey<unknown>, AnyCell],
  [b]: readonly [WindowKey<unknown>, AnyCell],
): number => a.start - b.start;

/** The start in front of the value: as digits and a colon, or 8 bytes. */
export function sessionRow(value: AnyCodec): Codec<SessionRow> {
  const name = `session(${value.name})`;
  if (value.format === 'text') {
    return Object.freeze({
      name,
      format: 'text' as const,
      encode: (row: SessionRow) => `${row.start}:${value.encode(row.value)}`,
      decode(source: string) {
        const split = source.indexOf(':');
        return makeSessionRow(Number(source.slice(0, split)), value.decode(source.slice(split + 1)));
      },
    });
  }
  return Object.freeze({
    name,
    format: 'bytes' as const,
    encode(row: SessionRow) {
      const start = Buffer.allocUnsafe(8);
      writeInt64(start, row.start, 0);
      return Buffer.concat([start, value.encode(row.value)]);
    },
    decode: (source: Buffer) => makeSessionRow(readInt64(source, 0), value.decode(source.subarray(8))),
  });
}
