import { describe, expect, it } from 'vitest';
import { rules } from './architecture/rules.ts';
import { importsOf, readSources, type Source } from './architecture/sources.ts';

const sources = readSources('src');

/** For each rule, sources that break it and the words its sentence must have. */
const offenders: readonly [rule: string, offence: string, sources: readonly Source[]][] = [
  ['importsPointUpwards', 'dsl may not', [file('src/dsl/a.ts', "import type { B } from '../state/b.ts';")]],
  ['importsPointUpwards', 'dsl may not', [file('src/dsl/a.ts', "export { b } from '../operators/b.ts';")]],
  ['importsPointUpwards', 'errors.ts may not', [file('src/errors.ts', "import { b } from './dsl/b.ts';")]],
  ['importsPointUpwards', 'state may not', [file('src/state/a.ts', "import { b } from '../runtime/b.ts';")]],
  [
    'importsPointUpwards',
    'operators may not',
    [file('src/operators/a.ts', "import { b } from '../state/b.ts';")],
  ],
  [
    'importsPointUpwards',
    'operators may not',
    [file('src/operators/a.ts', "await import('../runtime/b.ts');")],
  ],
  ['importsPointUpwards', 'runtime may not', [file('src/runtime/a.ts', "import { b } from '../index.ts';")]],
  [
    'importsPointUpwards',
    'src/runtime/transport/kafka may not',
    [file('src/runtime/transport/kafka/a.ts', "import {\n  b,\n  c,\n} from '../embedded/b.ts';")],
  ],
  [
    'importsPointUpwards',
    'src/runtime/transport/kafka may not',
    [file('src/runtime/transport/kafka/a.ts', "import { b } from '../../worker.ts';")],
  ],
  [
    'importsMakeNoCycle',
    'src/dsl/a.ts -> src/dsl/b.ts -> src/dsl/c.ts -> src/dsl/a.ts',
    [
      file('src/dsl/a.ts', "import { b } from './b.ts';"),
      file('src/dsl/b.ts', "import { c } from './c.ts';"),
      file('src/dsl/c.ts', "import { a } from './a.ts';"),
    ],
  ],
  ['importsExist', 'not there', [file('src/dsl/a.ts', "import { b } from './b.ts';")]],
  [
    'packagesStayInTheirPlace',
    'package kafkajs',
    [file('src/runtime/a.ts', "import { Kafka } from 'kafkajs';")],
  ],
  [
    'packagesStayInTheirPlace',
    'package kafkajs',
    [file('src/runtime/a.ts', "import x from 'kafkajs/src/network';")],
  ],
  [
    'packagesStayInTheirPlace',
    'better-sqlite3',
    [file('src/runtime/a.ts', "const x = require('better-sqlite3');")],
  ],
  ['packagesStayInTheirPlace', 'package avsc', [file('src/dsl/codecs/json.ts', "import avro from 'avsc';")]],
  [
    'packagesStayInTheirPlace',
    'package rxjs',
    [file('src/state/a.ts', "import { map } from 'rxjs/operators';")],
  ],
  ['packagesStayInTheirPlace', 'package lodash', [file('src/dsl/a.ts', "import { map } from 'lodash';")]],
  ...[
    'Date.now()',
    'new Date()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'Math.random()',
  ].map((call): [string, string, Source[]] => [
    'timeAndChanceComeFromTheClock',
    call,
    [file('src/runtime/a.ts', `const x = ${call};`)],
  ]),
  ['timeAndChanceComeFromTheClock', 'nextTick', [file('src/state/a.ts', 'process.nextTick(f);')]],
  ['timeAndChanceComeFromTheClock', 'queueMicrotask', [file('src/state/a.ts', 'queueMicrotask(f);')]],
  ['filesAreShort', '251 lines', [file('src/dsl/a.ts', 'x;\n'.repeat(251))]],
  ['exportsAreNamed', 'default', [file('src/dsl/a.ts', 'export default function a() {}')]],
  ['exportsAreNamed', 'default', [file('src/dsl/a.ts', 'export { a as default };')]],
  ['onlyEntryPointsReExport', 're-exports', [file('src/dsl/index.ts', "export * from './a.ts';")]],
  ['onlyEntryPointsReExport', 're-exports', [file('src/dsl/a.ts', "export {\n  b,\n} from './b.ts';")]],
  [
    'entryPointsCheckNodeFirst',
    'before nodeVersion.ts',
    [file('src/index.ts', "import { a } from './a.ts';\nimport './nodeVersion.ts';")],
  ],
  [
    'operatorsAreNamedAsTheirFile',
    'export count',
    [file('src/operators/count.ts', 'export function tally() {}')],
  ],
  ['stateAndOperatorsDoNotAwait', 'synchronous', [file('src/state/a.ts', 'await x;')]],
];

describe('src', () => {
  it('has sources to look at, and sees their imports', () => {
    expect(sources.map((source) => source.path)).toContain('src/dsl/node.ts');
    const node = sources.find((source) => source.path === 'src/dsl/node.ts')!;
    expect(importsOf(node).map((each) => each.target)).toContain('src/dsl/message.ts');
  });

  it.each(Object.entries(rules))('keeps the rule: %s', (_, rule) => {
    expect(rule(sources)).toEqual([]);
  });
});

describe('the rules of the architecture', () => {
  it.each(offenders)('%s refuses: %s', (rule, offence, planted) => {
    expect(rules[rule]!(planted).join('\n')).toContain(offence);
  });

  it('has an offender for every rule', () => {
    expect(new Set(offenders.map(([rule]) => rule))).toEqual(new Set(Object.keys(rules)));
  });

  it('lets comments and docstrings be', () => {
    const text =
      "/**\n * import { a } from '../runtime/a.ts';\n * Date.now()\n */\nconst x = 1; // not Date.now()\n";
    for (const rule of Object.values(rules)) expect(rule([file('src/dsl/x.ts', text)])).toEqual([]);
  });
});

function file(path: string, text: string): Source {
  return { path, text };
}
