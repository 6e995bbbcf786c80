import { readFileSync } from 'node:fs';
import { noHeaders } from '../../../src/dsl/message.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { kafkaTransport } from '../../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Batch, Transport } from '../../../src/runtime/transport/transport.ts';
import type { ConsumeOptions, EngineOptions, Sender, Workload } from '../engine.ts';
import type { BenchRecord } from '../records.ts';

/* The port between runtime and log, used as the runtime uses it: see worker.ts and activeTask.ts. */
const manifest = new URL('../../../package.json', import.meta.url);
export const version: string = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
export const variants: Readonly<Record<Workload, readonly string[]>> = {
  produce: ['strings', 'buffers'],
  consume: ['text', 'bytes'],
  'consume-committed': ['text', 'bytes'],
};

const mostPending = 32 << 20;
const mostBuffered = 64 << 20;

async function connect({ brokers }: EngineOptions): Promise<Transport> {
  const transport = kafkaTransport({ brokers, clientId: 'millrace-bench' }, systemClock);
  await transport.connect();
  return transport;
}

/** The partition is not given but found by the key, unlike for the others. */
export async function produce(options: EngineOptions): Promise<Sender> {
  const transport = await connect(options);
  const { topic, variant } = options;
  await transport.admin.describe([topic]);
  const producer = await transport.producer({});
  const text = variant === 'strings';
  return {
    prepare: (record) => record,
    async send(records) {
      for (const record of records as readonly BenchRecord[]) {
        const { key, value, keyBytes, valueBytes, timestamp } = record;
        if (text) producer.append(topic, undefined, key, value, timestamp, noHeaders);
        else producer.append(topic, undefined, keyBytes, valueBytes, timestamp, noHeaders);
      }
      if (producer.pendingBytes >= mostPending) await producer.flush();
      else await systemClock.breathe();
    },
    flush: () => producer.flush(),
    async close() {
      await producer.close();
      await transport.close();
    },
  };
}

export async function consume(options: ConsumeOptions): Promise<{ close(): Promise<void> }> {
  const transport = await connect(options);
  const { topic, partitions, committed, variant, seen } = options;
  const isolation = committed ? 'committed' : 'uncommitted';
  const reader = transport.reader({ isolation, maxBytes: mostBuffered });
  reader.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
  const read = variant === 'text' ? readText : readBytes;
  let closed = false;
  const loop = (async () => {
    while (!closed) {
      for (const batch of await reader.poll(100)) read(batch, seen);
      await systemClock.breathe();
    }
  })();
  return {
    async close() {
      closed = true;
      await loop;
      await transport.close();
    },
  };
}

function readText(batch: Batch, seen: ConsumeOptions['seen']): void {
  while (batch.next()) seen(batch.keyText(), batch.valueText());
}

function readBytes(batch: Batch, seen: ConsumeOptions['seen']): void {
  while (batch.next()) seen(batch.keyBytes(), batch.valueBytes());
}
