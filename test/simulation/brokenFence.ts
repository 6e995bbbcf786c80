import { EmbeddedProducer } from '../../src/runtime/transport/embedded/producer.ts';
import type { Identity } from '../../src/runtime/transport/embedded/transactions.ts';
import type { CommittedOffset, TopicPartition, Transport } from '../../src/runtime/transport/transport.ts';
import { type BrokenParts, changed, changedProducer } from './broken.ts';
import { inputs } from './workload.ts';

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Positions are those that were committed before the producer that ran the task last was fenced. */
export function offsetsBeforeFence({ inner, network }: BrokenParts): Transport {
  const before = new Map<string, CommittedOffset | undefined>();
  return changed(inner, {
    async producer(options) {
      const partition = Number(/_(\d+)$/.exec(options.transactionalId ?? '')?.[1]);
      for (const topic of inputs) {
        const of = { topic, partition };
        before.set(nameOf(of), network.offsets.visible(of));
      }
      return inner.producer(options);
    },
    committed: async (_group, partitions) => partitions.map((of) => before.get(nameOf(of))),
  });
}

/** Identities that were given out, by transactional id; one network is one run. */
const known = new WeakMap<BrokenParts['network'], Map<string, Identity>>();

/** Whoever takes a task over goes on with the epoch there is: nobody is fenced. */
export function noFence({ inner, connection, network }: BrokenParts): Transport {
  const { broker } = network;
  const identities = known.get(network) ?? new Map<string, Identity>();
  known.set(network, identities);
  return changed(inner, {
    async producer(options) {
      const { transactionalId, transactionTimeoutMs = 60_000 } = options;
      if (transactionalId === undefined) return inner.producer(options);
      await connection.clock.breathe();
      const identity = identities.get(transactionalId);
      const current = isCurrent(identity)
        ? identity
        : broker.transactions.begin(transactionalId, transactionTimeoutMs);
      identities.set(transactionalId, current);
      return new EmbeddedProducer(broker, connection, current);
    },
  });

  /** A time limit has ended it otherwise. */
  function isCurrent(identity: Identity | undefined): identity is Identity {
    if (identity === undefined) return false;
    try {
      broker.transactions.check(identity);
      return true;
    } catch {
      return false;
    }
  }
}

/** Each machine has transactional ids of its own, and says nothing of the generation it belongs to. */
export function perWorkerId({ inner, machine }: BrokenParts): Transport {
  return changed(inner, {
    async producer(options) {
      const own = { ...options, transactionalId: `${options.transactionalId}-on-${machine}` };
      const producer = await inner.producer(own);
      return changedProducer(producer, {
        commit: (offsets) => producer.commit(offsets && { ...offsets, generation: -1, memberId: '' }),
      });
    },
  });
}
