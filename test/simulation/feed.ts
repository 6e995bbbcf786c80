import { type Clock, delay } from '../../src/runtime/clock.ts';
import { Connection } from '../../src/runtime/transport/embedded/connection.ts';
import { EmbeddedTransport } from '../../src/runtime/transport/embedded/transport.ts';
import type { Network } from './network.ts';
import { isClick, orderOf } from './workload.ts';

const rounds = 5;

/** Sends so many orders and clicks in rounds, which take `ms` together, with a client that nothing happens to. */
export async function feed({ broker }: Network, clock: Clock, count: number, ms: number): Promise<void> {
  const transport = new EmbeddedTransport(broker, new Connection('feed', clock, undefined));
  const producer = await transport.producer({});
  for (let round = 0; round < rounds; round++) {
    const [from, until] = [(count * round) / rounds, (count * (round + 1)) / rounds].map(Math.floor);
    for (let id = from!; id < until!; id++) {
      const order = orderOf(id);
      const topic = isClick(id) ? 'clicks' : 'orders';
      producer.append(topic, undefined, order.user, JSON.stringify(order), clock.now(), []);
    }
    await producer.flush();
    await delay(clock, ms / rounds);
  }
  await transport.close();
}
