import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

// npm run test:contract -- --version=3.9.1 --nodes=3
const { values } = parseArgs({ options: { version: { type: 'string' }, nodes: { type: 'string' } } });
const { status } = spawnSync('vitest', ['run', '--project', 'kafka', 'test/kafka/transport.test.ts'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ...(values.version && { KAFKA_VERSION: values.version }),
    ...(values.nodes && { KAFKA_NODES: values.nodes }),
  },
});
process.exitCode = status ?? 1;
