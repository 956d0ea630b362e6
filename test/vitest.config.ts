import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    exclude: ['test/cluster/real/**'],
    testTimeout: 20_000,
    // Two workers: live tests own real sockets and child processes, and more would only measure each other's load.
    maxWorkers: 2,
  },
});
