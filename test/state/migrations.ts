import type { Migration } from '../../src/state/databaseFile.ts';

/** As formats to come might need: every row is changed, then a column is added. */
export const migrations: readonly [Migration, Migration] = [
  (database) => void database.exec("update words set value = 'two ' || value"),
  (database) => void database.exec('alter table words add column more text'),
];
