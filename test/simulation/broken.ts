import type { Producer, Transport } from '../../src/runtime/transport/transport.ts';
import { endTxnAgain, unknownAsAborted, unknownAsCommitted } from './brokenEndTxn.ts';
import { noFence, offsetsBeforeFence, perWorkerId } from './brokenFence.ts';
import { offsetsTrusted, withoutWitness } from './brokenOffsets.ts';
import type { Network, SimulatedConnection } from './network.ts';
import type { SimulatedDisk } from './simulatedDisk.ts';

/** The runtime with one rule of its commit protocol broken, between it and the broker, or between it and the disk. */
export interface Broken {
  readonly transport?: (parts: BrokenParts) => Transport;
  readonly disk?: (disk: SimulatedDisk) => SimulatedDisk;
}

export interface BrokenParts {
  readonly inner: Transport;
  readonly connection: SimulatedConnection;
  readonly network: Network;
  readonly machine: number;
}

/** The eight ways in which the model of the protocol was broken: each loses or doubles something, with some seed. */
export const brokenVariants: Readonly<Record<string, Broken>> = {
  'offsets read before the fence': { transport: offsetsBeforeFence },
  'offsets trusted instead of the commit record': { transport: offsetsTrusted, disk: withoutWitness },
  'SQLite before Kafka': { transport: sqliteFirst },
  'no fence': { transport: noFence },
  'transactional id per worker': { transport: perWorkerId },
  'unknown outcome taken for a commit': { transport: unknownAsCommitted },
  'unknown outcome taken for an abort, same epoch': { transport: unknownAsAborted },
  'EndTxn sent again, same epoch': { transport: endTxnAgain },
};

/** A transport that is another one but for some of its calls. */
export function changed(inner: Transport, changes: Partial<Transport>): Transport {
  return {
    kind: inner.kind,
    admin: inner.admin,
    connect: () => inner.connect(),
    reader: (options) => inner.reader(options),
    producer: (options) => inner.producer(options),
    member: (options) => inner.member(options),
    committed: (group, partitions) => inner.committed(group, partitions),
    evict: (group, member) => inner.evict(group, member),
    crash: () => inner.crash(),
    close: () => inner.close(),
    ...changes,
  };
}

/** A producer that is another one but for some of its calls. */
export function changedProducer(inner: Producer, changes: Partial<Producer>): Producer {
  return {
    get producerId() {
      return inner.producerId;
    },
    get pendingBytes() {
      return inner.pendingBytes;
    },
    partitions: (topic) => inner.partitions(topic),
    append: (...record) => inner.append(...record),
    end: (topic, partition) => inner.end(topic, partition),
    flush: () => inner.flush(),
    commit: (offsets) => inner.commit(offsets),
    abort: () => inner.abort(),
    close: () => inner.close(),
    ...changes,
  };
}

/** Says that a transaction is committed, so that SQLite follows, before the broker is asked to. */
function sqliteFirst({ inner }: BrokenParts): Transport {
  return changed(inner, {
    async producer(options) {
      const producer = await inner.producer(options);
      let last: Promise<void> = Promise.resolve();
      return changedProducer(producer, {
        async commit(offsets) {
          await last; // what became of the one before is told now
          await producer.flush();
          last = producer.commit(offsets);
          last.catch(() => undefined);
        },
      });
    },
  });
}
