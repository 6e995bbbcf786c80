import { taskFolder } from '../../src/state/folder.ts';
import { lockFolder } from '../../src/state/lock.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';

/** Does one thing with a folder, as whatever user it runs, and prints the code of the error it ends with, or `done`. */
const attempts: Record<string, (folder: string) => void> = {
  taskFolder: (folder) => void taskFolder(folder, 'app', 'task'),
  lockFolder: (folder) => lockFolder(folder).release(),
  sqliteBackend: (folder) => sqliteBackend(folder).close(),
  write(folder) {
    const backend = sqliteBackend(folder);
    backend.transaction((write) => write.meta('a', '1'));
  },
};

const [, , name = '', folder = ''] = process.argv;
try {
  attempts[name]!(folder);
  console.log('done');
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? error.code : error);
}
