import type { Resource } from '../../../model/resource.ts';
import type { Telemetry } from '../../../model/schema/generated/types-istio.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList } from '../../lookup/name-list.ts';
import { otherNames, selectPods, selectsNothing } from '../../lookup/selection.ts';

const labelsOf = ({ object }: Resource<Telemetry>): Readonly<Record<string, string>> =>
  object.spec?.selector?.matchLabels ?? {};

/** Istio's `telemetry.SelectorAnalyzer`; a conflict is told once for each workload, whatever its replicas. */
export const telemetrySelector = defineCheck({
  name: 'telemetry.SelectorAnalyzer',
  summary: 'Telemetries that select no workload, or one that another Telemetry selects.',
  emits: ['IST0101', 'IST0159'],
  *run({ mesh, pods }) {
    const { byPod, withoutPods } = selectPods(mesh.of('Telemetry'), labelsOf, pods);
    for (const resource of withoutPods) yield selectsNothing(resource, labelsOf(resource));
    for (const [pod, resources] of byPod) {
      if (resources.length === 1) continue;
      const workload = `${pod.workloadKind} ${pod.workload}`;
      const values = { telemetries: nameList(resources.map(({ name }) => name)), namespace: pod.namespace, workload };
      for (const resource of resources) {
        yield finding('IST0159', resource, values, {
          in: resource.object.metadata,
          key: 'name',
          labels: [...otherNames(resources, resource), { span: pod.owner.span, text: `selected: ${workload}` }],
          effect: 'Istio takes the oldest for the workload and ignores the others',
          hint: 'merge them into one, or narrow their selectors',
        });
      }
    }
  },
});
