import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const index = readFileSync(join(import.meta.dirname, '../../../src/index.ts'), 'utf8');

/** What src/index.ts exports that makes or describes a step: operators, kinds of windows and tables; not types. */
export function exportedSteps(): readonly string[] {
  const places = /^\.\/(operators\/\w+|dsl\/windows\/\w+|dsl\/(table|globalTable))\.ts$/;
  return [...index.matchAll(/^export \{([^}]*)\} from '([^']+)';$/gms)]
    .filter(([, , from]) => places.test(from!))
    .flatMap(([, names]) => names!.split(',').map((name) => name.trim()))
    .filter((name) => name !== '' && !name.startsWith('type '))
    .sort();
}
