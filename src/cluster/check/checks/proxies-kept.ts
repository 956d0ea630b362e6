import { byNamespace, proxyPods } from '../../../install/mesh/proxies.ts';
import { minorReleasesBetween } from '../../../install/mesh/skew.ts';
import type { HealthCheck } from '../check.ts';

/** Whether the proxies there are, in all namespaces or one, may stay when a release is installed. */
export const proxiesKept = (release: string, namespace: string | undefined): HealthCheck => ({
  id: 'proxies-kept',
  category: 'upgrade',
  title: `proxies are recent enough for a control plane of ${release}`,
  why: 'proxies keep their version until their pods are made anew',
  docs: 'https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew',
  needs: ['pods'],
  run: ({ pods }) => {
    const far = proxyPods(pods)
      .filter((proxy) => namespace === undefined || proxy.namespace === namespace)
      .filter(({ version }) => (minorReleasesBetween(version, release) ?? 0) > 2);
    if (far.length === 0) return [];
    const versions = [...new Set(far.map(({ version }) => version))].toSorted().join(', ');
    const count = far.length === 1 ? '1 proxy is' : `${far.length} proxies are`;
    return [
      {
        severity: 'warning',
        message: `${count} of ${versions}, too far from ${release}: ${byNamespace(far)}`,
        hint: 'bring them to the release in between first: kubectl rollout restart deployment',
      },
    ];
  },
});
