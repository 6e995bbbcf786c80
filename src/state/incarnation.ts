import type { Backend } from './backend.ts';

const name = 'incarnation';

/**
 * The id that ties a state database to its changelog: a folder that was copied or belongs to a topic that has been made anew has
 * another one. Made from `random` when the database has none, and kept.
 */
export function incarnation(backend: Backend, random: () => string): string {
  const known = backend.readMeta().get(name);
  if (known !== undefined) return known;
  const made = random();
  backend.transaction((write) => write.meta(name, made));
  return made;
}
