import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage } from '../checkPackage.ts';
import { java, maven } from '../kafka/java.ts';
import { KafkaMissing } from '../kafka/kafkaMissing.ts';
import { type Counts, countCheck, countVitest, type VitestReport } from './counts.ts';
import { run } from './run.ts';
import type { Step } from './runSteps.ts';

/** Everything `npm test` does, in order. A new suite is a line here, and a project in vitest.config.ts. */
export const steps: readonly Step[] = [
  check('types', 'tsc'),
  check('format and lint', 'biome', 'check', '.'),
  check('unused code', 'knip'),
  suite('inferred types', ['types']),
  suite('unit and embedded', ['unit']),
  suite('what takes long', ['long']),
  suite('simulated faults', ['simulation']),
  { title: 'package', run: checkPackage },
  { ...sweep(300), missing: javaMissing },
  { ...suite('on Kafka', ['kafka']), missing: kafkaMissing },
  { ...suite('brokers that fail', ['chaos']), missing: javaMissing },
  contract('4.1.1', 3),
  contract('3.9.1', 1),
];

function check(title: string, command: string, ...parameters: string[]): Step {
  return { title, run: async () => countCheck((await run(command, parameters)) === 0) };
}

function suite(title: string, projects: readonly string[]): Step {
  return { title, run: () => runVitest(projects) };
}

/** Random cases, the same ones each time, on Kafka Streams and on millrace. */
function sweep(cases: number): Step {
  const script = ['--conditions=millrace:source', 'test/sweep/main.ts', '--seed=1', `--cases=${cases}`];
  return { title: 'as Kafka Streams', run: async () => countCheck((await run('node', script)) === 0) };
}

/** The transport's contract on another Kafka than that of all suites. */
function contract(version: string, nodes: number): Step {
  const title = `Kafka ${version}, ${nodes} node${nodes > 1 ? 's' : ''}`;
  const environment = { KAFKA_VERSION: version, KAFKA_NODES: String(nodes) };
  const only = ['test/kafka/transport.test.ts'];
  return {
    title,
    missing: () =>
      process.env['KAFKA_BROKERS'] ? 'KAFKA_BROKERS names the cluster to test on.' : kafkaMissing(),
    run: () => runVitest(['kafka'], only, environment),
  };
}

async function runVitest(
  projects: readonly string[],
  files: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const file = join(folder, 'report.json');
  try {
    const chosen = projects.map((project) => `--project=${project}`);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const exitCode = await run('vitest', ['run', ...chosen, ...files, ...reporters], environment);
    return countVitest(readReport(file), exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch (error) {
    console.error(`vitest left no report that can be read: ${error}`);
    return undefined;
  }
}

function kafkaMissing(): string | undefined {
  return process.env['KAFKA_BROKERS'] ? undefined : javaMissing();
}

function javaMissing(): string | undefined {
  try {
    java();
    maven();
    return undefined;
  } catch (error) {
    if (error instanceof KafkaMissing) return error.message;
    throw error;
  }
}
