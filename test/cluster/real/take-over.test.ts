import { expect, it } from 'vitest';
import { succeed } from '../harness/heddle.ts';
import { installedObjects } from '../harness/inventory.ts';
import { istioctl } from '../harness/istioctl.ts';
import { onIstio } from '../harness/suite.ts';

const egress = (objects: readonly string[]): readonly string[] =>
  objects.filter((each) => each.includes(' EgressGateways '));

onIstio('heddle and istioctl on one cluster', (cluster, istio) => {
  const objects = () => installedObjects(cluster().api);

  it('agree to the last field on what the official charts install', async () => {
    // A release of istioctl puts its own version in the place of the charts'.
    const release = '--set hub=docker.io/istio --set tag=1.31.1';
    await istioctl(istio, cluster(), `install -y ${release}`);
    expect(await succeed(cluster(), `install -y -d ${istio.manifests} ${release}`)).toContain('nothing was changed');
  });

  it('heddle takes over and removes what istioctl installed', async () => {
    await istioctl(istio, cluster(), 'install -y --set profile=demo');
    expect(egress(await objects())).not.toEqual([]);
    await succeed(cluster(), 'install -y');
    expect(egress(await objects())).toEqual([]);
    await istioctl(istio, cluster(), 'install -y --set profile=minimal -r canary');
    await succeed(cluster(), 'uninstall -y -r canary');
    expect((await objects()).filter((each) => each.endsWith(' Pilot canary'))).toEqual([]);
    await succeed(cluster(), 'uninstall -y --purge');
    expect(await objects()).toEqual([]);
  });

  it('istioctl takes over and removes what heddle installed', async () => {
    await succeed(cluster(), 'install -y --set profile=demo');
    expect(egress(await objects())).not.toEqual([]);
    await istioctl(istio, cluster(), 'install -y');
    expect(egress(await objects())).toEqual([]);
    await istioctl(istio, cluster(), 'uninstall -y --purge');
    expect(await objects()).toEqual([]);
  });
});
