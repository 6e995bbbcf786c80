import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  type Stats,
  statfsSync,
} from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../errors.ts';
import { sqliteError } from './sqliteError.ts';

const stateFiles = ['state.db', 'state.db-wal', 'state.db-shm', 'state.db-sums', 'state.db-sums.new'];
const lockFiles = ['lock.db', 'lock.pid'];

/** Magic numbers of statfs(2): NFS, SMB, CIFS, SMB2. */
const networkFileSystems = [0x6969, 0x517b, 0xff534d42, 0xfe534d42];

/**
 * Makes `<stateDir>/<app>/<task>`, for this user only, and checks that state can be kept there: INVALID_NAME for names that
 * could lead elsewhere; STATE_UNWRITABLE for symbolic links, network file systems and whatever cannot be written; DISK_FULL.
 */
export function taskFolder(stateDir: string, app: string, task: string): string {
  checkName('an application', app);
  checkName('a task', task);
  const parent = join(stateDir, app);
  const folder = join(parent, task);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    for (const path of [parent, folder]) {
      refuseLink(path);
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    for (const file of [...stateFiles, ...lockFiles]) refuseLink(join(folder, file));
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    refuseNetwork(folder);
  } catch (error) {
    throw sqliteError(error, join(folder, 'state.db'));
  }
  return folder;
}

/**
 * Moves a damaged database out of the way, to `damaged-N` in the same folder, so that the state can be built anew; those of
 * earlier times stay. Gives the path it was moved to. The database must be closed.
 */
export function setAside(folder: string): string {
  const number = Math.max(
    0,
    ...readdirSync(folder).map((name) => Number(/^damaged-(\d+)$/.exec(name)?.[1] ?? 0)),
  );
  const target = join(folder, `damaged-${number + 1}`);
  try {
    mkdirSync(target, { mode: 0o700 });
    for (const file of stateFiles) {
      if (statusOf(join(folder, file)) !== undefined) renameSync(join(folder, file), join(target, file));
    }
  } catch (error) {
    throw sqliteError(error, join(folder, 'state.db'));
  }
  return target;
}

function checkName(kind: string, name: string): void {
  if (/^[a-zA-Z0-9._-]{1,200}$/.test(name) && name !== '.' && name !== '..') return;
  throw new MillraceError('INVALID_NAME', `${JSON.stringify(name)} is no name for ${kind}`, {
    expected: '1 to 200 letters, digits, dots, underscores or dashes, not . or ..',
    next: 'Choose another name.',
  });
}

function refuseLink(path: string): void {
  if (!statusOf(path)?.isSymbolicLink()) return;
  throw new MillraceError('STATE_UNWRITABLE', 'a symbolic link stands where state is kept', {
    path,
    next: 'Replace the link by a folder or file, or set stateDir to where it leads.',
  });
}

function refuseNetwork(folder: string): void {
  if (!networkFileSystems.includes(statfsSync(folder).type)) return;
  throw new MillraceError('STATE_UNWRITABLE', 'state cannot be kept on a network file system', {
    path: folder,
    next: 'Set stateDir to a folder on a local disk: what is lost with it is rebuilt from the changelog.',
  });
}

function statusOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
