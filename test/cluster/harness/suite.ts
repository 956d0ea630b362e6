import { afterAll, beforeAll, describe, it } from 'vitest';
import { findKubernetes } from './assets.ts';
import { startKubernetes, type TestKubernetes } from './kubernetes.ts';

/**
 * Tests on a cluster of their own, which is there from the first of them on; one skipped test that says why where the
 * cluster's programs are absent.
 */
export const onKubernetes = (title: string, tests: (cluster: () => TestKubernetes) => void): void => {
  const found = findKubernetes();
  describe(title, () => {
    if ('absent' in found) return it.skip(`on a cluster: ${found.absent}`, () => undefined);
    let cluster: TestKubernetes | undefined;
    beforeAll(async () => {
      cluster = await startKubernetes(found.assets);
    });
    afterAll(() => cluster?.stop());
    tests(() => {
      if (cluster === undefined) throw new Error('the cluster is up while tests run, not before');
      return cluster;
    });
  });
};
