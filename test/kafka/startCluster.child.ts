import { startKafka } from '../../scripts/kafka/startKafka.ts';

/* Run by startKafka.test.ts as a process of its own: starts a node, says where, and stays until it is killed. */
const cluster = await startKafka({ nodes: 1 });
const port = Number(cluster.brokers[0]!.split(':')[1]);
console.log(JSON.stringify({ port, pids: cluster.pids(), folder: cluster.folder }));
process.stdin.resume();
