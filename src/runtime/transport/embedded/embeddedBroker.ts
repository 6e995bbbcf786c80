import type { Clock } from '../../clock.ts';
import type { Transport } from '../transport.ts';
import { Broker } from './broker.ts';
import { Connection } from './connection.ts';
import type { Faults } from './faults.ts';
import { memoryStorage } from './memoryStorage.ts';
import { EmbeddedTransport } from './transport.ts';

export interface EmbeddedBrokerOptions {
  readonly storage: 'memory';
  readonly clock: Clock;
  /** What goes wrong; nothing without it. */
  readonly faults?: Faults;
}

/** A broker in this process, with Kafka's semantics. All instances that are to share topics share one of these. */
export interface EmbeddedBroker {
  /** A connection of its own, as another process would have: its crash() leaves the others alone. */
  transport(clientId?: string): Transport;
  /** Ends every connection. */
  close(): void;
}

export function embeddedBroker({ clock, faults }: EmbeddedBrokerOptions): EmbeddedBroker {
  const broker = new Broker(clock, memoryStorage());
  const connections = new Set<Connection>();
  let clients = 0;

  return {
    transport(clientId = `client-${++clients}`) {
      const connection = new Connection(clientId, clock, faults);
      connections.add(connection);
      connection.closed.addEventListener('abort', () => connections.delete(connection), { once: true });
      return new EmbeddedTransport(broker, connection);
    },
    close() {
      for (const connection of connections) connection.crash();
      broker.storage.close();
    },
  };
}
