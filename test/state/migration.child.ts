import { prepareFile } from '../../src/state/databaseFile.ts';
import { openDatabase } from '../../src/state/openDatabase.ts';
import { migrations } from './migrations.ts';

/* Is killed in the middle of the migration, between two statements of its second step. */
const [path = ''] = process.argv.slice(2);
const [first, second] = migrations;
prepareFile(openDatabase(path), path, [
  first,
  (database) => {
    second(database);
    process.kill(process.pid, 'SIGKILL');
  },
]);
