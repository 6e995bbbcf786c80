import { existsSync, readdirSync } from 'node:fs';

// npm run example NAME: runs examples/NAME/main.ts with the arguments that follow.
const here = import.meta.dirname;
const [name = '', ...rest] = process.argv.slice(2);
const main = `${here}/${name}/main.ts`;
if (!/^[a-z]+$/.test(name) || !existsSync(main)) {
  const names = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  console.error(
    `There is no example '${name}'. Try: npm run example ${names.map((entry) => entry.name).join(' | ')}`,
  );
  process.exitCode = 1;
} else {
  process.argv.splice(2, process.argv.length, ...rest);
  await import(main);
}
