import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

// npm run test:simulation -- --seeds=1000 --from=1
const { values } = parseArgs({ options: { seeds: { type: 'string' }, from: { type: 'string' } } });
const { status } = spawnSync('vitest', ['run', '--project', 'simulation'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ...(values.seeds && { MILLRACE_SEEDS: values.seeds }),
    ...(values.from && { MILLRACE_FROM: values.from }),
  },
});
process.exitCode = status ?? 1;
