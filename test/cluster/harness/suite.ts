import { afterAll, beforeAll, describe, it } from 'vitest';
import { findIstio, findKubernetes, type IstioAssets } from './assets.ts';
import { startKubernetes, type TestKubernetes } from './kubernetes.ts';
import { lacksPodNetwork } from './network.ts';

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

type IstioTests = (cluster: () => TestKubernetes, istio: IstioAssets) => void;

/** Tests with Istio's own programs on a cluster of their own; skipped in the same way, or for a reason given. */
export const onIstio = (title: string, tests: IstioTests, reason?: string): void => {
  const istio = findIstio();
  const absent = 'absent' in istio ? istio.absent : reason;
  if ('absent' in istio || absent !== undefined)
    describe(title, () => it.skip(`with Istio's programs: ${absent}`, () => undefined));
  else onKubernetes(title, (cluster) => tests(cluster, istio.assets));
};

/** Tests with istiod and Envoys as pods. */
export const onMesh = (title: string, tests: IstioTests): void => onIstio(title, tests, lacksPodNetwork());
