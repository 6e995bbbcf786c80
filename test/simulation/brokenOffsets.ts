import { metaKey } from '../../src/runtime/commitMeta.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { type BrokenParts, changed, changedProducer } from './broken.ts';
import type { SimulatedDisk } from './simulatedDisk.ts';

/** A commit record that does not say which history it belongs to is not asked for positions: the group is, and believed. */
const forgotten = (meta: string): string => JSON.stringify({ ...JSON.parse(meta), incarnation: '' });

export function offsetsTrusted({ inner, network }: BrokenParts): Transport {
  return changed(inner, {
    async committed(_group, partitions) {
      await inner.connect();
      return partitions.map((of) => {
        const found = network.offsets.visible(of);
        return found && { offset: found.offset, metadata: '' };
      });
    },
    async producer(options) {
      const producer = await inner.producer(options);
      return changedProducer(producer, {
        append(topic, partition, key, value, timestamp, headers) {
          const isMeta = Buffer.isBuffer(key) && key.equals(metaKey);
          const said = isMeta && value !== null ? forgotten(value.toString()) : value;
          producer.append(topic, partition, key, said, timestamp, headers);
        },
      });
    },
  });
}

export function withoutWitness(disk: SimulatedDisk): SimulatedDisk {
  const hold = disk.hold.bind(disk);
  disk.hold = (application, task) => {
    const held = hold(application, task);
    return {
      ...held,
      open() {
        const backend = held.open();
        const readMeta = (): ReadonlyMap<string, string> =>
          new Map(
            [...backend.readMeta()].map(([name, value]) => [
              name,
              name === 'commit' ? forgotten(value) : value,
            ]),
          );
        return { ...backend, readMeta };
      },
    };
  };
  return disk;
}
