import type { Pod } from '../../../model/pod.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { Telemetry } from '../../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { indexPods, selectorText } from '../../lookup/pods.ts';

const labelsOf = ({ object }: Resource<Telemetry>): Readonly<Record<string, string>> =>
  object.spec?.selector?.matchLabels ?? {};

const notFound = (resource: Resource<Telemetry>): Finding => {
  const labels = labelsOf(resource);
  const [key = ''] = Object.keys(labels).sort();
  const values = { kind: 'workload with labels', name: selectorText(labels) };
  return finding('IST0101', resource, values, {
    in: labels,
    key,
    effect: `the Telemetry has no effect: no pod in namespace ${resource.namespace} has these labels`,
  });
};

/** Istio's `telemetry.SelectorAnalyzer`; a conflict is told once for each workload, whatever its replicas. */
export const telemetrySelector = defineCheck({
  name: 'telemetry.SelectorAnalyzer',
  summary: 'Telemetries that select no workload, or one that another Telemetry selects.',
  emits: ['IST0101', 'IST0159'],
  *run({ mesh, pods }) {
    const selecting = mesh.of('Telemetry').filter((resource) => Object.keys(labelsOf(resource)).length > 0);
    if (selecting.length === 0) return;
    const index = indexPods(pods);
    const byPod = new Map<Pod, Resource<Telemetry>[]>();
    for (const resource of selecting) {
      const selected = index.select(labelsOf(resource), resource.namespace);
      if (selected.length === 0) yield notFound(resource);
      for (const pod of selected) {
        const known = byPod.get(pod);
        if (known === undefined) byPod.set(pod, [resource]);
        else known.push(resource);
      }
    }
    for (const [pod, resources] of byPod) {
      if (resources.length === 1) continue;
      const telemetries = nameList(resources.map(({ name }) => name));
      const shown = resources.slice(0, SHOWN_NAMES);
      const workload = `${pod.workloadKind} ${pod.workload}`;
      for (const resource of resources) {
        yield finding(
          'IST0159',
          resource,
          { telemetries, namespace: pod.namespace, workload },
          {
            in: resource.object.metadata,
            key: 'name',
            labels: [
              ...shown
                .filter((other) => other !== resource)
                .map((other) => ({
                  span: spanOf(other.object.metadata, 'name') ?? other.span,
                  text: resourceId(other),
                })),
              { span: pod.owner.span, text: `selected: ${workload}` },
            ],
            effect: 'Istio takes the oldest for the workload and ignores the others',
            hint: 'merge them into one, or narrow their selectors',
          },
        );
      }
    }
  },
});
