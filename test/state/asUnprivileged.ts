import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs one attempt of unprivileged.child.ts as a user whom file permissions stop: root is not. Gives what it prints. */
export function asUnprivileged(attempt: string, folder: string): string {
  const script = join(import.meta.dirname, 'unprivileged.child.ts');
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  return execFileSync(process.execPath, [script, attempt, folder], { encoding: 'utf8', ...user }).trim();
}

/** Whether such a user can read this checkout at all: not when it lies below a private home. */
export function canRunUnprivileged(): boolean {
  try {
    return asUnprivileged('lockFolder', '/nonexistent/folder') === 'STATE_UNWRITABLE';
  } catch {
    return false;
  }
}
