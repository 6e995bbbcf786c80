import type { Compression } from '../compression.ts';
import type { ProducerOptions } from '../transport.ts';

export interface ProducerSettings {
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  /** ms an appended record may wait for others. */
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly maxRequestBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly compression: Compression;
}

const transactionTimeoutMs = 60_000;
/** In a transaction nobody can see a record before the commit, which sends it at once. */
const transactionalLingerMs = 50;
const lingerMs = 5;
/** Measured: from 128 to 512 KiB a record costs the least; brokers take twice that unless they are told otherwise. */
const batchBytes = 512 * 1024;
/** Far below what brokers take (socket.request.max.bytes), so that one request does not hold up the others for long. */
const maxRequestBytes = 8 * 1024 * 1024;
const deliveryTimeoutMs = 120_000;

/** What a producer does where its options say nothing. */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  const { transactionalId } = options;
  const settings = {
    transactionalId,
    transactionTimeoutMs: options.transactionTimeoutMs ?? transactionTimeoutMs,
    lingerMs: options.lingerMs ?? (transactionalId === undefined ? lingerMs : transactionalLingerMs),
    batchBytes: options.batchBytes ?? batchBytes,
    maxRequestBytes: options.maxRequestBytes ?? maxRequestBytes,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? deliveryTimeoutMs,
    compression: options.compression ?? 'none',
  };
  return { ...settings, batchBytes: Math.min(settings.batchBytes, settings.maxRequestBytes) };
}
