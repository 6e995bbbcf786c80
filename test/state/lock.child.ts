import { lockFolder } from '../../src/state/lock.ts';

/** Takes the lock of the folder it is given, says so, and holds it until it is killed. */
const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: lock.child.ts <folder>');
lockFolder(folder);
console.log('locked');
setInterval(() => {}, 60_000);
