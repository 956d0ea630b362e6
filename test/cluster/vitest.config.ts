import { defineConfig } from 'vitest/config';

// Tests on a real API server: npm run test:cluster.
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/cluster/real/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Each file has a cluster, which takes most of a gigabyte and, with a mesh, the pods' addresses.
    fileParallelism: false,
  },
});
