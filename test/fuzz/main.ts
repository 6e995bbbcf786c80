import { parseArgs } from 'node:util';
import { batchTargets } from './batchTargets.ts';
import { FuzzFailure, type FuzzReport, fuzz } from './fuzz.ts';
import { responseTargets } from './responseTargets.ts';

// npm run fuzz -- --inputs=10000000 --seed=1 : damaged record batches and answers of brokers for everything that reads them.
// --input=N runs that one alone; --from=N begins with it. An input that kills the process lies behind the last line printed.
const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    from: { type: 'string', default: '0' },
    input: { type: 'string' },
  },
});
const seed = Number(values.seed);
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const line = ({ inputs, refused, seconds, slowest, grownBy, externalBy }: FuzzReport): string =>
  `seed ${seed}: ${inputs} inputs in ${seconds.toFixed(1)} s, ${refused} refused, slowest ${slowest.toFixed(1)} ms, ` +
  `memory grew by ${megabytes(grownBy)}, outside the heap by ${megabytes(externalBy)}`;

// A fifth of the time goes into the stacks of errors that nobody looks at; one input alone shows them.
if (values.input === undefined) Error.stackTraceLimit = 0;

try {
  const report = await fuzz([...batchTargets, ...responseTargets], {
    seed,
    from: Number(values.input ?? values.from),
    inputs: values.input === undefined ? Number(values.inputs) : 1,
    progress: (report) => console.log(line(report)),
  });
  console.log(line(report));
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  console.error(error.message);
  if (error.cause instanceof Error) console.error(error.cause.stack);
  process.exitCode = 1;
}
