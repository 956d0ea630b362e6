import { istiodsIn } from '../../../install/mesh/istiods.ts';
import { byNamespace, type ProxyPod, proxyPods } from '../../../install/mesh/proxies.ts';
import { minorReleasesBetween } from '../../../install/mesh/skew.ts';
import type { HealthCheck, Trouble } from '../check.ts';

/** How many minor releases a proxy may be away from its control plane. */
const SUPPORTED = 1;

/** The proxies of one version that listen to istiods of others. */
const staleProxies = (version: string, istiod: string, proxies: readonly ProxyPod[]): Trouble => {
  const isFar = (minorReleasesBetween(version, istiod) ?? 0) > SUPPORTED;
  const count = proxies.length === 1 ? '1 proxy is' : `${proxies.length} proxies are`;
  return {
    severity: isFar ? 'error' : 'warning',
    message: `${count} of ${version} and the control plane of ${istiod}${isFar ? ', which is too far apart' : ''}: ${byNamespace(proxies)}`,
    hint: 'restart their workloads: kubectl rollout restart deployment',
  };
};

export const proxiesVersions: HealthCheck = {
  id: 'proxies-versions',
  category: 'data plane',
  title: 'proxies are of the version of their control plane',
  why: 'proxies miss fixes, and newer configuration may mean nothing to them',
  docs: 'https://istio.io/latest/docs/setup/upgrade/canary/#data-plane',
  needs: ['deployments', 'pods'],
  run: ({ deployments, pods }) => {
    const istiods = istiodsIn(deployments);
    const groups = new Map<string, ProxyPod[]>();
    for (const proxy of proxyPods(pods)) {
      const versions = istiods.filter(({ revision }) => revision === proxy.revision).map(({ version }) => version);
      const [istiod = ''] = versions;
      if (proxy.version === '' || istiod === '' || versions.includes(proxy.version)) continue;
      const key = JSON.stringify([proxy.version, istiod]);
      groups.set(key, [...(groups.get(key) ?? []), proxy]);
    }
    return [...groups].map(([key, proxies]) => {
      const [version, istiod] = JSON.parse(key) as [string, string];
      return staleProxies(version, istiod, proxies);
    });
  },
};
