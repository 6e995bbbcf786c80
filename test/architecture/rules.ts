import { basename } from 'node:path';
import { codeOf, importsOf, type Source } from './sources.ts';

/** Looks at all sources and gives one sentence per offence. */
export type Rule = (sources: readonly Source[]) => string[];

/** What each folder of src may import beside itself. A longer path wins over a shorter one. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': [],
  'src/nodeVersion.ts': ['src/errors.ts'],
  'src/dsl': ['src/errors.ts'],
  'src/state': ['src/errors.ts', 'src/dsl'],
  'src/operators': ['src/errors.ts', 'src/dsl'],
  'src/runtime': ['src/errors.ts', 'src/nodeVersion.ts', 'src/dsl', 'src/state', 'src/operators'],
  'src/runtime/clock.ts': [],
  'src/runtime/transport': ['src/errors.ts', 'src/dsl', 'src/runtime/clock.ts'],
  'src/runtime/transport/embedded': [
    'src/errors.ts',
    'src/dsl',
    'src/state',
    'src/runtime/clock.ts',
    'src/runtime/transport',
  ],
  'src/runtime/transport/kafka': [
    'src/errors.ts',
    'src/dsl',
    'src/runtime/clock.ts',
    'src/runtime/transport',
  ],
  'src/index.ts': ['src'],
};

/**
 * Where a package may be imported; one that is not here needs a decision and a line. Of kafkajs not even types may be
 * imported elsewhere: the client can be exchanged.
 */
const packages: Readonly<Record<string, RegExp>> = {
  kafkajs: /^src\/runtime\/transport\/kafka\/kafkajsBridge\.ts$/,
  'better-sqlite3': /^src\/(state|runtime\/transport\/embedded)\/openDatabase\.ts$/,
  avsc: /^src\/dsl\/codecs\/avro\w*\.ts$/,
  rxjs: /^src\/(dsl|operators|runtime)\//,
  '@standard-schema/spec': /^src\/dsl\//,
  vitest: /^src\/runtime\/testing\/vitest\.ts$/,
  '@node-rs/crc32': /^src\/runtime\/transport\/kafka\//,
};

/** Time, chance and the event loop come from the Clock, so that a test can own them. */
const fromTheClock =
  /\b(Date\.now|performance\.now|Math\.random|process\.nextTick)\b|\b(setTimeout|setInterval|setImmediate|queueMicrotask)\(|\bnew Date\(\)/;
const clocks = ['src/runtime/clock.ts', 'src/runtime/testing/virtualClock.ts'];
const entryPoints = ['src/index.ts', 'src/runtime/testing/index.ts'];
const longest = 250;

const importsPointUpwards: Rule = (sources) =>
  sources.flatMap((source) => {
    const own = layerOf(source.path);
    return importsOf(source)
      .filter(({ isFile, target }) => isFile && layerOf(target) !== own && !allows(own, target))
      .map(({ target }) => `${source.path} imports ${target}, which ${own} may not`);
  });

function layerOf(path: string): string {
  const layers = Object.keys(mayImport).filter((layer) => isWithin(path, layer));
  return layers.sort((a, b) => b.length - a.length)[0] ?? 'src';
}

/** A folder that names another allows what is in it, and in the layers below only where it names them. */
function allows(layer: string, target: string): boolean {
  const allowed = mayImport[layer] ?? [];
  const itself = layer === 'src/runtime' && target.startsWith('src/runtime/');
  return itself || allowed.some((folder) => folder === 'src' || layerOf(target) === folder);
}

function isWithin(path: string, layer: string): boolean {
  return path === layer || path.startsWith(`${layer}/`);
}

/** Types may refer to each other; modules that load each other may not. */
const importsMakeNoCycle: Rule = (sources) => {
  const graph = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source)
        .filter((each) => each.isFile && !each.isType)
        .map((each) => each.target),
    ]),
  );
  const done = new Set<string>();
  const offences: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      offences.push(`a cycle of imports: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return offences;
};

const importsExist: Rule = (sources) => {
  const paths = new Set(sources.map((source) => source.path));
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(({ isFile, target }) => isFile && target.startsWith('src/') && !paths.has(target))
      .map(({ target }) => `${source.path} imports ${target}, which is not there`),
  );
};

const packagesStayInTheirPlace: Rule = (sources) =>
  sources.flatMap((source) =>
    importsOf(source)
      .filter(({ isFile, target }) => !isFile && !target.startsWith('node:'))
      .filter(({ isType, target }) => !isType || target === 'kafkajs')
      .filter(({ target }) => !packages[target]?.test(source.path))
      .map(({ target }) => `${source.path} imports the package ${target}, which has another place`),
  );

const timeAndChanceComeFromTheClock: Rule = (sources) =>
  sources.flatMap((source) => {
    if (clocks.includes(source.path)) return [];
    const lines = codeOf(source)
      .split('\n')
      .filter((line) => fromTheClock.test(line));
    return lines.map((line) => `${source.path} takes time or chance past the Clock: ${line.trim()}`);
  });

const filesAreShort: Rule = (sources) =>
  sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > longest)
    .map(({ path, lines }) => `${path} has ${lines} lines; ${longest} is the most`);

const exportsAreNamed: Rule = (sources) =>
  sources
    .filter((source) => /^export default\b|^export \{[^}]*\bas default\b/m.test(codeOf(source)))
    .map(({ path }) => `${path} has a default export`);

const onlyEntryPointsReExport: Rule = (sources) =>
  sources
    .filter(
      (source) =>
        /^export (type )?(\*|\{[^}]*\}) from /m.test(codeOf(source)) && !entryPoints.includes(source.path),
    )
    .map(({ path }) => `${path} re-exports what another file has`);

/** Else an old Node would crash, or complain about syntax, before anybody can say what is wrong. */
const entryPointsCheckNodeFirst: Rule = (sources) =>
  sources
    .filter(({ path }) => entryPoints.includes(path))
    .filter((source) => !/^\s*import '(\.\.?\/)+nodeVersion\.ts';/.test(codeOf(source)))
    .map(({ path }) => `${path} imports something before nodeVersion.ts`);

const operatorsAreNamedAsTheirFile: Rule = (sources) =>
  sources
    .filter(({ path }) => path.startsWith('src/operators/'))
    .filter(
      ({ path, text }) => !new RegExp(`^export (function|const) ${basename(path, '.ts')}\\b`, 'm').test(text),
    )
    .map(({ path }) => `${path} does not export ${basename(path, '.ts')}`);

const stateAndOperatorsDoNotAwait: Rule = (sources) =>
  sources
    .filter(({ path }) => /^src\/(state|operators)\//.test(path))
    .filter((source) => /\bawait\b/.test(codeOf(source)))
    .map(({ path }) => `${path} awaits; state and operators are synchronous`);

export const rules: Readonly<Record<string, Rule>> = {
  importsPointUpwards,
  importsMakeNoCycle,
  importsExist,
  packagesStayInTheirPlace,
  timeAndChanceComeFromTheClock,
  filesAreShort,
  exportsAreNamed,
  onlyEntryPointsReExport,
  entryPointsCheckNodeFirst,
  operatorsAreNamedAsTheirFile,
  stateAndOperatorsDoNotAwait,
};
