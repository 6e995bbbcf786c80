import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * Self-contained suites are *.test.ts beside the mirror of src, *.long.test.ts where they take seconds: `npm run check` is to be over
 * in a minute. Those of the outside world have a folder each.
 */
const long = 'test/**/*.long.test.ts';
const slow = ['test/kafka/**', 'test/simulation/**', 'test/chaos/**', long];

// Type tests print a notice that they are experimental, at each run; package-lock.json pins the vitest they work with.
process.env['VITEST_DISABLE_EXPERIMENTAL_LOG'] = 'yes';

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ['millrace:source'] },
  ssr: { resolve: { conditions: ['millrace:source', 'node'] } },
  test: {
    // As many as there are processors: while files are tested, the process that hands them out has nothing to do.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: slow,
          // A process loads the sources once, not once per file: half the time of all. No file may leave a trace behind.
          isolate: false,
          // Nothing here waits on a clock: what takes long does so because the machine has much else to do.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['test/types/**/*.test-d.ts'] },
        },
      },
      {
        extends: true,
        test: { name: 'long', include: [long], isolate: false, testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'kafka',
          include: ['test/kafka/**/*.test.ts'],
          globalSetup: 'test/kafka/globalSetup.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

export default config;
