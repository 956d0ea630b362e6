import { afterAll, beforeAll, describe, it } from 'vitest';
import { findIstio, findKubernetes, type IstioAssets } from './assets.ts';
import { startKubernetes, type TestKubernetes } from './kubernetes.ts';
import { lacksPodNetwork } from './network.ts';

const absenceOf = (found: object): string | undefined => ('absent' in found ? String(found.absent) : undefined);

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

/** Tests with real istiod and Envoy on a cluster of their own; skipped in the same way. */
export const onMesh = (title: string, tests: (cluster: () => TestKubernetes, istio: IstioAssets) => void): void => {
  const istio = findIstio();
  const reason = absenceOf(istio) ?? lacksPodNetwork();
  if (reason !== undefined || 'absent' in istio) {
    describe(title, () => it.skip(`with a real mesh: ${reason}`, () => undefined));
  } else {
    onKubernetes(title, (cluster) => tests(cluster, istio.assets));
  }
};
