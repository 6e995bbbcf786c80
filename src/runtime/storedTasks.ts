import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StatePlace } from './taskHome.ts';

/** Tasks that have left state on this machine: they restore least here. */
export function storedTasks(place: StatePlace, application: string): readonly string[] {
  if (place === 'memory') return [];
  const folder = join(place.folder, application);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
