import { Buffer } from 'node:buffer';
import type { AnyCodec, AnyMessage, StepContext } from '../../dsl/node.ts';
import { savedNumber } from './savedNumber.ts';

/** How much a step may hold back; undefined: as much as there is. */
export interface Limits {
  readonly maxRecords: number | undefined;
  readonly maxBytes: number | undefined;
}

/** Keeps account of what a step holds back, restarts included. */
export interface BufferLimits {
  add(key: unknown, held: AnyMessage): void;
  remove(key: unknown, held: AnyMessage): void;
  /** What is more than allowed, in words. */
  exceeded(): string | undefined;
}

/** Bytes are those of keys and rows as their store writes them. */
export function bufferLimits(
  task: StepContext,
  { maxRecords, maxBytes }: Limits,
  key: AnyCodec,
  held: AnyCodec,
): BufferLimits {
  const bytes = (of: unknown, row: AnyMessage): number => encodedLength(key, of) + encodedLength(held, row);
  const accounts = [
    ...(maxRecords === undefined ? [] : [account(task, 'records', maxRecords, () => 1)]),
    ...(maxBytes === undefined ? [] : [account(task, 'bytes', maxBytes, task.guard(bytes))]),
  ];
  return {
    add(of, row) {
      for (const one of accounts) one.change(of, row, 1);
    },
    remove(of, row) {
      for (const one of accounts) one.change(of, row, -1);
    },
    exceeded() {
      for (const one of accounts) {
        const found = one.exceeded();
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

interface Account {
  change(key: unknown, held: AnyMessage, times: 1 | -1): void;
  exceeded(): string | undefined;
}

function account(
  task: StepContext,
  unit: string,
  most: number,
  measure: (key: unknown, held: AnyMessage) => number,
): Account {
  const total = savedNumber(task, unit);
  return {
    change: (key, held, times) => total.set((total.get() ?? 0) + times * measure(key, held)),
    exceeded: () => ((total.get() ?? 0) > most ? `${total.get()} ${unit}` : undefined),
  };
}

function encodedLength(codec: AnyCodec, value: unknown): number {
  return codec.format === 'text' ? Buffer.byteLength(codec.encode(value)) : codec.encode(value).length;
}
