import { membershipApp } from './membershipJob.ts';

/* A worker process of bench/membership.ts: id, brokers and state folder are its arguments. Says on stdout what state it is in. */
const [, , id, brokers, stateDir] = process.argv;
const worker = membershipApp(id!, { brokers: brokers!, stateDir: stateDir! });
if (process.env['MILLRACE_SUPERVISED'] === undefined) worker.states.subscribe((state) => console.log(state));
await worker.run();
