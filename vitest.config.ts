import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const source = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

const shared = {
  pool: 'forks' as const,
  // Against hanging, on one slow core beside another job; no measure of speed: bench/ is for that.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  teardownTimeout: 30_000,
};

// Processes are killed, stopped and timed in test/process and test/package.test.ts: these files run
// one at a time, after all others, so that nothing else takes the cores from them.
const alone = ['test/process/**/*.test.ts', 'test/package.test.ts'];

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^runlog$/, replacement: source('index.ts') },
      { find: /^runlog\/engine$/, replacement: source('engine/index.ts') },
    ],
  },
  test: {
    reporters: ['default', './test/support/totals-reporter.ts'],
    // Half a minute of a slow machine is normal for a test that visits 100,000 states.
    slowTestThreshold: 10_000,
    globalSetup: ['./test/support/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'process',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

export default config;
