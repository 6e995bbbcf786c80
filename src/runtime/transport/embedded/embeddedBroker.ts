import { type Clock, systemClock } from '../../clock.ts';
import type { Transport } from '../transport.ts';
import { Broker } from './broker.ts';
import { Connection } from './connection.ts';
import type { Faults } from './faults.ts';
import { fileStorage } from './fileStorage.ts';
import { memoryStorage } from './memoryStorage.ts';
import { scopedClock } from './scopedClock.ts';
import type { Storage } from './storage.ts';
import { EmbeddedTransport } from './transport.ts';

export interface EmbeddedBrokerOptions {
  /** Where topics, committed positions and producers' epochs are kept. Default: 'memory', they end with the broker. */
  readonly storage?: 'memory' | { readonly file: string } | undefined;
  /** For tests with virtual time. */
  readonly clock?: Clock | undefined;
  /** Closes the broker when the last of its clients is gone: for those who keep nothing but a transport of it. */
  readonly closesWithClients?: boolean | undefined;
  /** What goes wrong; nothing without it. */
  readonly faults?: Faults;
}

/** A broker in this process, with Kafka's semantics. All instances that are to share topics share one of these. */
export interface EmbeddedBroker {
  /** Whether topics outlive it. State that is built from those that do not is kept in memory as well, unless told otherwise. */
  readonly durable: boolean;
  /** A connection of its own, as another process would have: its crash() leaves the others alone. */
  transport(clientId?: string): Transport;
  /** Compacts, and deletes what is past its retention, now: else it is done every 30 s. */
  clean(): Promise<void>;
  /** Ends every connection, and everything that runs on the clock. */
  close(): void;
}

/**
 * Opens a broker. With a file this process alone may have it: STATE_LOCKED names who has it else; STATE_UNWRITABLE,
 * STATE_CORRUPT, STATE_INCOMPATIBLE, DISK_FULL.
 */
export function embeddedBroker(options: EmbeddedBrokerOptions = {}): EmbeddedBroker {
  const { storage = 'memory', clock = systemClock, closesWithClients = false, faults } = options;
  const scoped = scopedClock(clock);
  const broker = openBroker(scoped, storage === 'memory' ? memoryStorage() : fileStorage(storage.file));
  const connections = new Set<Connection>();
  let clients = 0;
  let isOpen = true;

  /** Without a client nothing is done in the background, nor kept running by it. */
  function closed(connection: Connection): void {
    connections.delete(connection);
    if (connections.size > 0) return;
    if (closesWithClients) close();
    else broker.cleaner.pause();
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    for (const connection of connections) connection.crash();
    broker.cleaner.close();
    scoped.cancelAll();
    broker.storage.close();
  }

  return {
    durable: storage !== 'memory',
    transport(clientId = `client-${++clients}`) {
      const connection = new Connection(clientId, scoped, faults);
      connections.add(connection);
      connection.closed.addEventListener('abort', () => closed(connection), { once: true });
      if (isOpen) broker.cleaner.start();
      else connection.crash();
      return new EmbeddedTransport(broker, connection);
    },
    clean: () => broker.cleaner.clean(),
    close,
  };
}

function openBroker(clock: Clock, storage: Storage): Broker {
  try {
    return new Broker(clock, storage);
  } catch (error) {
    storage.close();
    throw error;
  }
}
