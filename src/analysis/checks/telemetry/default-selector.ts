import { defineCheck, finding } from '../../check.ts';
import { nameList } from '../../lookup/name-list.ts';
import { groupByNamespace, otherDocuments } from '../../lookup/selection.ts';

/** Istio's `telemetry.DefaultSelectorAnalyzer`. As there, `targetRefs` are not looked at. */
export const telemetryDefault = defineCheck({
  name: 'telemetry.DefaultSelectorAnalyzer',
  summary: 'Namespaces with several Telemetries for all their workloads, of which one counts.',
  emits: ['IST0160'],
  *run({ mesh }) {
    const defaults = mesh.of('Telemetry').filter(({ object }) => object.spec?.selector === undefined);
    for (const [namespace, resources] of groupByNamespace(defaults)) {
      if (resources.length === 1) continue;
      const values = { telemetries: nameList(resources.map(({ name }) => name)), namespace };
      for (const resource of resources) {
        yield finding('IST0160', resource, values, {
          labels: otherDocuments(resources, resource),
          effect: 'Istio takes the oldest and ignores the others',
          hint: 'merge them into one, or give all but one a selector',
        });
      }
    }
  },
});
