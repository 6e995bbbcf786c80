import { fileURLToPath } from 'node:url';
import { supervise } from '../../../src/index.ts';

/* A main file that supervises two fake workers, which live as its argument says. */
const file = fileURLToPath(new URL('./fakeWorker.child.ts', import.meta.url));
await supervise({ file, args: process.argv.slice(2), workers: 2 }).run();
console.log('all ended');
