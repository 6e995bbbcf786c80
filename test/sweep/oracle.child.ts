import { createInterface } from 'node:readline';

/* An oracle that says the same to every case: what ANSWER holds. */
for await (const _ of createInterface({ input: process.stdin })) console.log(process.env['ANSWER']);
