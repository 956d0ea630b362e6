import type { ManifestObject } from '../../../install/manifest/object.ts';
import { proxyPods } from '../../../install/mesh/proxies.ts';
import { read } from '../../../install/values/path.ts';
import type { HealthCheck, Trouble } from '../check.ts';
import { activeInjectors, callsForPod, webhooksOf } from '../webhook-calls.ts';
import { textsAt } from '../workload-troubles.ts';

const SHOWN = 3;

/** Pods that the injector passes over, or that are over. */
const isExempt = (pod: ManifestObject): boolean =>
  read(pod.value, 'spec.hostNetwork') === true ||
  textsAt(pod, 'metadata.annotations')['sidecar.istio.io/inject'] === 'false' ||
  ['Succeeded', 'Failed'].includes(String(read(pod.value, 'status.phase')));

export const podsInjected: HealthCheck = {
  id: 'pods-injected',
  category: 'injection',
  title: 'pods in injected namespaces have their sidecar',
  why: 'they are outside of the mesh: policies do not hold for them, and strict mutual TLS shuts them out',
  docs: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['namespaces', 'pods', 'injectors'],
  run: ({ namespaces, pods, injectors }) => {
    const webhooks = activeInjectors(injectors).flatMap(webhooksOf);
    const proxies = new Set(proxyPods(pods).map(({ namespace, name }) => `${namespace}/${name}`));
    return namespaces.flatMap((namespace): readonly Trouble[] => {
      const labels = textsAt(namespace, 'metadata.labels');
      const bare = pods.filter(
        (pod) =>
          pod.namespace === namespace.name &&
          !proxies.has(`${pod.namespace}/${pod.name}`) &&
          !isExempt(pod) &&
          webhooks.some((webhook) => callsForPod(webhook, labels, textsAt(pod, 'metadata.labels'))),
      );
      if (bare.length === 0) return [];
      const names = bare
        .slice(0, SHOWN)
        .map(({ name }) => name)
        .join(', ');
      const count = bare.length === 1 ? '1 pod has' : `${bare.length} pods have`;
      return [
        {
          severity: 'warning',
          origin: `Namespace ${namespace.name}`,
          message: `${count} no sidecar in namespace ${namespace.name}: ${names}${bare.length > SHOWN ? ', ...' : ''}`,
          hint: `they are older than the label or the injector: kubectl -n ${namespace.name} rollout restart deployment`,
        },
      ];
    });
  },
};
