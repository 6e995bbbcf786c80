import { isUnknown } from '../../src/runtime/transport/embedded/connection.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { type BrokenParts, changed, changedProducer } from './broken.ts';

/** A transaction of which nobody knows how it ended is taken for committed, and the producer goes on. */
export function unknownAsCommitted({ inner, connection }: BrokenParts): Transport {
  connection.onUnknownEnd = async () => undefined;
  return inner;
}

/** EndTxn is repeated until it is answered, as other calls are. */
export function endTxnAgain({ inner, connection }: BrokenParts): Transport {
  connection.onUnknownEnd = async (again) => {
    for (;;) {
      try {
        return await again();
      } catch (error) {
        if (!isUnknown(error)) throw error;
      }
    }
  };
  return inner;
}

/** A transaction of which nobody knows how it ended is taken for aborted, and made again by the same producer. */
export function unknownAsAborted({ inner, connection }: BrokenParts): Transport {
  const unknown = new Set<string>();
  connection.onUnknownEnd = async (_again, transactionalId) => void unknown.add(transactionalId);
  return changed(inner, {
    async producer(options) {
      const producer = await inner.producer(options);
      let appended: Parameters<typeof producer.append>[] = [];
      return changedProducer(producer, {
        append(...record) {
          appended.push(
            record.map((part) => (Buffer.isBuffer(part) ? Buffer.from(part) : part)) as typeof record,
          );
          producer.append(...record);
        },
        async commit(offsets) {
          const again = appended;
          appended = [];
          await producer.commit(offsets);
          while (unknown.delete(options.transactionalId ?? '')) {
            for (const record of again) producer.append(...record);
            await producer.commit(offsets);
          }
        },
      });
    },
  });
}
