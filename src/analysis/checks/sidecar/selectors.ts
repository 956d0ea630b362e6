import type { Mesh } from '../../../model/mesh.ts';
import type { Pod } from '../../../model/pod.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Sidecar } from '../../../model/schema/generated/types-istio.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { isAmbient } from '../../lookup/in-mesh.ts';
import { nameList } from '../../lookup/name-list.ts';
import { groupByNamespace, otherDocuments, otherNames, selectPods, selectsNothing } from '../../lookup/selection.ts';

const labelsOf = ({ object }: Resource<Sidecar>): Readonly<Record<string, string>> =>
  object.spec?.workloadSelector?.labels ?? {};

/** Whether ztunnel carries a namespace's traffic; a label that asks for sidecars goes before the ambient one. */
const isAmbientNamespace = (labels: Readonly<Record<string, string>>): boolean =>
  labels['istio.io/dataplane-mode'] === 'ambient' &&
  labels['istio-injection'] !== 'enabled' &&
  (labels['istio.io/rev'] ?? '') === '';

/** Labels can ask for both; then a workload's pods get their sidecar, and the node agent leaves them alone. */
const hasNoProxy = (pod: Pod, mesh: Mesh): boolean =>
  isAmbient(pod, mesh) && (pod.workloadKind === 'Pod' || pod.proxyMode === 'none');

const ineffective = (sidecar: Resource<Sidecar>, reason: string, cause: Resource | undefined): Finding => {
  const labels = cause === undefined ? [] : [{ span: cause.span, text: 'in ambient mode' }];
  const hint = 'remove the Sidecar: there is no proxy beside the workload that could read it';
  return finding('IST0167', sidecar, { reason }, { labels, hint });
};

const workloadOf = ({ workloadKind, workload }: Pod): string => `${workloadKind} ${workload}`;

const conflicts = function* (pod: Pod, sidecars: readonly Resource<Sidecar>[]): Iterable<Finding> {
  const workload = workloadOf(pod);
  const values = { sidecars: nameList(sidecars.map(({ name }) => name)), namespace: pod.namespace, workload };
  for (const sidecar of sidecars) {
    yield finding('IST0110', sidecar, values, {
      in: sidecar.object.metadata,
      key: 'name',
      labels: [...otherNames(sidecars, sidecar), { span: pod.owner.span, text: `selected: ${workload}` }],
      effect: 'Istio takes the oldest for the workload and ignores the others',
      hint: 'merge them into one, or narrow their selectors',
    });
  }
};

const ofWorkloads = function* (mesh: Mesh, pods: readonly Pod[]): Iterable<Finding> {
  const { byPod, withoutPods } = selectPods(mesh.of('Sidecar'), labelsOf, pods);
  for (const sidecar of withoutPods) yield selectsNothing(sidecar, labelsOf(sidecar));
  const told = new Set<Resource>();
  for (const [pod, sidecars] of byPod) {
    if (hasNoProxy(pod, mesh)) {
      for (const sidecar of sidecars) {
        if (!told.has(sidecar)) yield ineffective(sidecar, `${workloadOf(pod)} is in ambient mode`, pod.owner);
        told.add(sidecar);
      }
    } else if (sidecars.length > 1) yield* conflicts(pod, sidecars);
  }
};

const ofNamespaces = function* (mesh: Mesh): Iterable<Finding> {
  const defaults = mesh.of('Sidecar').filter((sidecar) => Object.keys(labelsOf(sidecar)).length === 0);
  for (const [namespace, sidecars] of groupByNamespace(defaults)) {
    if (isAmbientNamespace(mesh.namespaceLabels(namespace))) {
      const cause = mesh.find('Namespace', '', namespace);
      for (const sidecar of sidecars) yield ineffective(sidecar, `namespace ${namespace} is in ambient mode`, cause);
    } else if (sidecars.length > 1) {
      const values = { sidecars: nameList(sidecars.map(({ name }) => name)), namespace };
      for (const sidecar of sidecars) {
        yield finding('IST0111', sidecar, values, {
          labels: otherDocuments(sidecars, sidecar),
          effect: 'Istio takes the oldest and ignores the others',
          hint: 'merge them into one, or give all but one a workloadSelector',
        });
      }
    }
  }
};

/** Istio's `sidecar.SelectorAnalyzer`; a conflict is told once for each workload, whatever its replicas. */
export const sidecarSelectors = defineCheck({
  name: 'sidecar.SelectorAnalyzer',
  summary: 'Sidecars that select no workload, compete for one or for a namespace, or stand in ambient mode.',
  emits: ['IST0101', 'IST0110', 'IST0111', 'IST0167'],
  *run({ mesh, pods }) {
    yield* ofWorkloads(mesh, pods);
    yield* ofNamespaces(mesh);
  },
});
