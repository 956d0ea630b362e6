import { type Resource, resourceId } from '../../../model/resource.ts';
import type { Telemetry } from '../../../model/schema/generated/types-istio.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';

/** Istio's `telemetry.DefaultSelectorAnalyzer`. As there, `targetRefs` are not looked at. */
export const telemetryDefault = defineCheck({
  name: 'telemetry.DefaultSelectorAnalyzer',
  summary: 'Namespaces with several Telemetries for all their workloads, of which one counts.',
  emits: ['IST0160'],
  *run({ mesh }) {
    const byNamespace = new Map<string, Resource<Telemetry>[]>();
    for (const resource of mesh.of('Telemetry')) {
      if (resource.object.spec?.selector !== undefined) continue;
      const known = byNamespace.get(resource.namespace);
      if (known === undefined) byNamespace.set(resource.namespace, [resource]);
      else known.push(resource);
    }
    for (const [namespace, resources] of byNamespace) {
      if (resources.length === 1) continue;
      const values = { telemetries: nameList(resources.map(({ name }) => name)), namespace };
      const shown = resources.slice(0, SHOWN_NAMES);
      for (const resource of resources) {
        yield finding('IST0160', resource, values, {
          labels: shown
            .filter((other) => other !== resource)
            .map((other) => ({ span: other.span, text: resourceId(other) })),
          effect: 'Istio takes the oldest and ignores the others',
          hint: 'merge them into one, or give all but one a selector',
        });
      }
    }
  },
});
