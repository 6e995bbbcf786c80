import { systemClock } from '../../../../src/runtime/clock.ts';
import { embeddedBroker } from '../../../../src/runtime/transport/embedded/embeddedBroker.ts';

/* Writes one transaction after the other to two topics and says which are committed, until it is killed. */
const broker = embeddedBroker({ storage: { file: process.argv[2]! }, clock: systemClock });
const transport = broker.transport();
const topics = ['one', 'two'];
await transport.admin.create(topics.map((topic) => ({ topic, partitions: 1 })));
const producer = await transport.producer({ transactionalId: 'child' });
for (let number = 1; ; number++) {
  for (const topic of topics) {
    for (let part = 0; part < 3; part++) producer.append(topic, 0, `${number}`, `${part}`, number, []);
    if (number % 2 === 0) await producer.flush();
  }
  const offsets = [{ topic: 'one', partition: 0, offset: number, metadata: '' }];
  await producer.commit({ group: 'group', generation: -1, memberId: '', offsets });
  process.stdout.write(`${number}\n`);
  await systemClock.breathe();
}
