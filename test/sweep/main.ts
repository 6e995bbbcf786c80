import { parseArgs } from 'node:util';
import { KafkaMissing } from '../../scripts/kafka/kafkaMissing.ts';
import { javaOracle } from '../oracle/javaOracle.ts';
import { areas } from './areas.ts';
import { type Oracle, startOracle } from './oracle.ts';
import { runSweep } from './runSweep.ts';
import type { Tally } from './tally.ts';

/**
 * npm run sweep -- --seed=N --cases=M [--area=A] [--from=I] [--restarts] [--keep=FOLDER] [--show=D]
 *
 * Random cases, on Kafka Streams and on millrace; each difference is told by the smallest case that shows it, and saved as one that
 * `npm run conformance -- FOLDER` takes. MILLRACE_ORACLE: a command that runs cases instead of the project's own.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    area: { type: 'string' },
    restarts: { type: 'boolean', default: false },
    keep: { type: 'string' },
    show: { type: 'string', default: '5' },
  },
});
if (values.area !== undefined && !Object.hasOwn(areas, values.area)) {
  console.error(`There is no area ${values.area}. There are: ${Object.keys(areas).join(', ')}`);
  process.exit(2);
}
for (const name of ['seed', 'cases', 'from', 'show'] as const) {
  if (Number.isSafeInteger(Number(values[name])) && Number(values[name]) >= 0) continue;
  console.error(`--${name} takes a whole number, not ${values[name]}.`);
  process.exit(2);
}

const oracle = await start();
if (oracle !== undefined) await sweep(oracle);

async function start(): Promise<Oracle | undefined> {
  const other = process.env['MILLRACE_ORACLE'];
  if (other) return startOracle(other, [], true);
  try {
    const [command, ...parameters] = await javaOracle((line) => console.error(line));
    return startOracle(command, parameters);
  } catch (error) {
    if (!(error instanceof KafkaMissing)) throw error;
    console.log(`The sweep was skipped: ${error.message}`);
    if (process.env['CI']) process.exitCode = 1;
    return undefined;
  }
}

async function sweep(other: Oracle): Promise<void> {
  const began = performance.now();
  let told = began;
  const progress = (tally: Tally): void => {
    const now = performance.now();
    if (now - told < 5000) return;
    told = now;
    const rate = (tally.cases / (now - began)) * 1000;
    console.error(`${tally.cases} cases, ${tally.differences} differences, ${rate.toFixed(1)} cases/s`);
  };
  const tally = await runSweep(other, {
    seed: Number(values.seed),
    from: Number(values.from),
    cases: Number(values.cases),
    area: values.area,
    restarts: values.restarts,
    keep: values.keep,
    show: Number(values.show),
    log: (line) => console.log(line),
    progress,
  });
  await other.close();
  for (const line of tally.lines()) console.log(line);
  console.log(`${tally.cases} cases, ${tally.differences} differences`);
  if (tally.differences > 0) process.exitCode = 1;
}
