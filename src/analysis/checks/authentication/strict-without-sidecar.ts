import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList } from '../../lookup/name-list.ts';
import { indexPods } from '../../lookup/pods.ts';
import { isWithoutSidecar } from '../../lookup/without-sidecar.ts';

/** STRICT modes that no proxy is there to enforce. */
export const strictWithoutSidecar = defineCheck({
  name: 'heddle.StrictWithoutSidecar',
  summary: 'PeerAuthentications with mode STRICT for pods that all lack a sidecar.',
  emits: ['HED0071'],
  *run({ mesh, pods }) {
    const index = indexPods(pods);
    for (const policy of mesh.of('PeerAuthentication')) {
      const { mtls, selector } = policy.object.spec ?? {};
      if (mtls?.mode !== 'STRICT') continue;
      const labels = selector?.matchLabels ?? {};
      // A policy of the root namespace with labels is for its own pods only, one without for all.
      const isForAll = policy.namespace === mesh.config.rootNamespace && Object.keys(labels).length === 0;
      const selected = index.select(labels, isForAll ? undefined : policy.namespace);
      const [first] = selected;
      if (first === undefined || !selected.every((pod) => isWithoutSidecar(pod, mesh))) continue;
      const span = spanOf(first.owner.object.metadata, 'name');
      yield finding(
        'HED0071',
        policy,
        { workloads: nameList(selected.map((pod) => `${pod.workloadKind} ${pod.namespace}/${pod.workload}`)) },
        {
          in: mtls,
          key: 'mode',
          labels: span === undefined ? [] : [{ span, text: first.sidecar.reason }],
          effect: 'the pods take plaintext from everybody: mutual TLS is a matter of sidecars',
          hint: 'label the namespace istio-injection=enabled, or the pods sidecar.istio.io/inject=true',
        },
      );
    }
  },
});
