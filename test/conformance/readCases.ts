import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './format.ts';

/** All cases of a folder and the folders in it: one case or a list per .json file, one case per line of a .jsonl file. */
export function readCases(folder: string): Case[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.jsonl?$/.test(file),
  );
  return files.sort().flatMap((file) => {
    const path = join(folder, file);
    try {
      const text = readFileSync(path, 'utf8');
      const found: unknown = file.endsWith('l')
        ? lines(text).map((line) => JSON.parse(line))
        : JSON.parse(text);
      return (Array.isArray(found) ? found : [found]) as Case[];
    } catch (cause) {
      throw new Error(`${path} is not JSON`, { cause });
    }
  });
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
