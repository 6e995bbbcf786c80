import { systemClock } from '../../../../../src/runtime/clock.ts';
import { openConnection } from '../../../../../src/runtime/transport/kafka/connection.ts';

/* Run by kafkajsBridge.test.ts as a process of its own: whatever is printed is printed by millrace, kafkajs or Node. */
const connection = openConnection({ brokers: [process.argv[2]!] }, systemClock);
await connection.open();
for (let round = 0; round < 5; round++) await connection.topics(['none'], { fresh: true });
// Nobody is there: what kafkajs would log as an error.
const nobody = openConnection({ brokers: ['127.0.0.1:1'], connectTimeoutMs: 100 }, systemClock);
await nobody.open().catch(() => {});
await connection.close();
await nobody.close();
console.log('done');
