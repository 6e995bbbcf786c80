import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteError } from './sqliteError.ts';

/** An id of a state folder, drawn when it is first asked for: the same for all processes that use the folder, and no others. */
export function placeOf(stateDir: string): string {
  const path = join(stateDir, 'place');
  const drawn = join(stateDir, `place-${randomUUID()}`);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(drawn, `${randomUUID()}\n`, { mode: 0o600 });
    linkUnlessThere(drawn, path); // whole or not at all: of several that begin at one time the first counts
    rmSync(drawn);
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw sqliteError(error, path);
  }
}

function linkUnlessThere(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
