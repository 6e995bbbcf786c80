import { enableCompileCache } from 'node:module';

// From the second time on, nothing has to be compiled: the first room is there sooner.
enableCompileCache();
const { demo } = await import('./demo/demo.ts');
process.exitCode = await demo(process.argv.slice(2));
