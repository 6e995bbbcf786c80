// millrace's side of the benchmark: one job until SIGTERM, told everything by BENCH_* variables; prints FIRST, READY, RESTORED.
import { app } from 'millrace';
import { sinkOf } from './jobs.js';

const env = process.env;
const exactlyOnce = env.BENCH_GUARANTEE === 'eos';
const sink = sinkOf(
  env.BENCH_JOB ?? 'a',
  (env.BENCH_IN ?? 'orders-1m').split(','),
  env.BENCH_OUT ?? 'out',
  () => console.log('FIRST'),
);
const bench = app(env.BENCH_APP ?? 'millrace-bench', {
  sinks: [sink],
  brokers: env.BENCH_BROKER,
  guarantee: exactlyOnce ? 'exactly-once' : 'at-least-once',
  commitInterval: Number(env.BENCH_COMMIT_MS ?? (exactlyOnce ? 100 : 1000)),
  stateDir: env.BENCH_STORE === 'memory' ? 'memory' : (env.BENCH_STATE_DIR ?? 'state'),
});
let begun = 0;
let records = 0;
bench.restores.subscribe(({ total, done }) => {
  begun ||= performance.now();
  if (!done) return;
  records += total;
  console.log(`RESTORED ${records} ${Math.round(performance.now() - begun)}`);
});
bench.states.subscribe((state) => {
  if (state === 'running') console.log('READY');
});
await bench.run();
