import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setAside, taskFolder } from '../../src/state/folder.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';
import { asUnprivileged, canRunUnprivileged } from './asUnprivileged.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const unwritable = expect.objectContaining({ code: 'STATE_UNWRITABLE' });

describe('taskFolder', () => {
  it('makes the folder for this user only, and takes one that is there', () => {
    const stateDir = join(temporaryFolder(), 'not', 'there', 'yet');
    const folder = taskFolder(stateDir, 'my-app', '0_3');
    expect(folder).toBe(join(stateDir, 'my-app', '0_3'));
    for (const path of [stateDir, join(stateDir, 'my-app'), folder])
      expect(statSync(path).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, 'state.db'), '');
    expect(taskFolder(stateDir, 'my-app', '0_3')).toBe(folder);
  });

  it.each(['', '.', '..', 'a/b', '../a', 'a\\b', 'a b', 'a\0', 'é', 'x'.repeat(201)])(
    'refuses the name %j',
    (name) => {
      const stateDir = temporaryFolder();
      const invalid = expect.objectContaining({ code: 'INVALID_NAME' });
      expect(() => taskFolder(stateDir, name, 'task')).toThrow(invalid);
      expect(() => taskFolder(stateDir, 'app', name)).toThrow(invalid);
      expect(readdirSync(stateDir)).toEqual([]);
    },
  );

  it('takes the longest name and names of dots', () => {
    taskFolder(temporaryFolder(), 'x'.repeat(200), '...');
  });

  it('refuses symbolic links, and makes nothing where they lead', () => {
    const elsewhere = temporaryFolder();
    const stateDir = temporaryFolder();
    symlinkSync(elsewhere, join(stateDir, 'app'));
    expect(() => taskFolder(stateDir, 'app', 'task')).toThrow(unwritable);
    taskFolder(stateDir, 'other', 'task');
    symlinkSync(elsewhere, join(stateDir, 'other', 'linked'));
    expect(() => taskFolder(stateDir, 'other', 'linked')).toThrow(unwritable);
    symlinkSync(join(elsewhere, 'passwd'), join(stateDir, 'other', 'task', 'state.db'));
    expect(() => taskFolder(stateDir, 'other', 'task')).toThrow(unwritable);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('refuses a file where a folder must be', () => {
    const stateDir = temporaryFolder();
    writeFileSync(join(stateDir, 'app'), '');
    expect(() => taskFolder(stateDir, 'app', 'task')).toThrow(unwritable);
    expect(() => taskFolder(join(stateDir, 'app'), 'a', 'b')).toThrow(unwritable);
  });
});

describe.runIf(canRunUnprivileged())('F12: a folder that may not be written', { timeout: 30_000 }, () => {
  const mode = (path: string, bits: number): void => {
    if (process.getuid?.() === 0) chownSync(path, 65534, 65534);
    chmodSync(path, bits);
  };

  it('is refused: below the state folder, and when it was there before', () => {
    const stateDir = temporaryFolder();
    mkdirSync(join(stateDir, 'app', 'task'), { recursive: true });
    for (const path of [stateDir, join(stateDir, 'app')]) mode(path, 0o755);
    mode(join(stateDir, 'app', 'task'), 0o555);
    expect(asUnprivileged('taskFolder', stateDir)).toBe('STATE_UNWRITABLE');
    const bare = temporaryFolder();
    mode(bare, 0o555);
    expect(asUnprivileged('taskFolder', bare)).toBe('STATE_UNWRITABLE');
    mode(bare, 0o755);
    expect(asUnprivileged('taskFolder', bare)).toBe('done');
  });

  it('fails lock and database with what is wrong', () => {
    const folder = temporaryFolder();
    mode(folder, 0o555);
    expect(asUnprivileged('lockFolder', folder)).toBe('STATE_UNWRITABLE');
    expect(asUnprivileged('sqliteBackend', folder)).toBe('STATE_UNWRITABLE');
  });

  it('fails when only a file of it may not be written', () => {
    const folder = temporaryFolder();
    mode(folder, 0o755);
    expect(asUnprivileged('write', folder)).toBe('done');
    mode(join(folder, 'state.db'), 0o444);
    expect(asUnprivileged('write', folder)).toBe('STATE_UNWRITABLE');
    writeFileSync(join(folder, 'lock.db'), '');
    mode(join(folder, 'lock.db'), 0o444);
    expect(asUnprivileged('lockFolder', folder)).toBe('STATE_UNWRITABLE');
  });
});

describe('setAside', () => {
  it('F13: moves the database away so that a new one can be made, and keeps what was moved before', () => {
    const folder = temporaryFolder();
    for (let i = 0; i < 2; i++) {
      writeFileSync(join(folder, 'state.db'), `rubbish ${i}`);
      expect(() => sqliteBackend(folder)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
      const moved = setAside(folder);
      expect(readFileSync(join(moved, 'state.db'), 'utf8')).toBe(`rubbish ${i}`);
      expect(readdirSync(folder).filter((name) => name.startsWith('damaged'))).toHaveLength(i + 1);
      const backend = sqliteBackend(folder);
      expect(backend.readMeta().size).toBe(0);
      backend.close();
    }
  });

  it('does nothing to a folder that has none', () => {
    setAside(temporaryFolder());
  });
});
