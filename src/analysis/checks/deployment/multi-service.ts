import type { Resource } from '../../../model/resource.ts';
import { resourceId } from '../../../model/resource.ts';
import type { Deployment, Service } from '../../../model/schema/generated/types-kubernetes.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { hasSidecar } from '../../lookup/in-mesh.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { podTemplateOf } from '../../lookup/pod-template.ts';
import { indexServices } from '../../lookup/services.ts';
import { isWritten } from '../../lookup/written.ts';

/** One port of one of the Services that select a Deployment's pods. */
interface Exposure {
  readonly service: Resource<Service>;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: string;
  readonly container: object;
}

const exposuresOf = (services: readonly Resource<Service>[]): readonly Exposure[] =>
  services.flatMap((service) =>
    (service.object.spec?.ports ?? []).map((container) => {
      const { port, protocol = 'TCP', targetPort } = container;
      const target = targetPort === undefined || targetPort === 0 || targetPort === '' ? port : targetPort;
      return { service, port, protocol, targetPort: String(target), container };
    }),
  );

const groupBy = <K>(items: readonly Exposure[], keyOf: (item: Exposure) => K): ReadonlyMap<K, readonly Exposure[]> => {
  const groups = new Map<K, Exposure[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
};

const isMixed = (group: readonly Exposure[], keyOf: (item: Exposure) => unknown): boolean =>
  new Set(group.map(keyOf)).size > 1;

const namesOf = (group: readonly Exposure[]): string =>
  nameList(group.map(({ service }) => `${service.namespace}/${service.name}`));

const placeOf = (deployment: Resource, group: readonly Exposure[]): Place => ({
  in: deployment.object.metadata,
  key: 'name',
  labels: group.slice(0, SHOWN_NAMES).map(({ service, port, protocol, targetPort, container }) => ({
    span: spanOf(container) ?? service.span,
    text: `${resourceId(service)}: port ${port}/${protocol} to ${targetPort}`,
  })),
});

function* findIn(deployment: Resource<Deployment>, exposures: readonly Exposure[]): Iterable<Finding> {
  const { name } = deployment;
  for (const [port, group] of groupBy(exposures, (exposure) => exposure.port)) {
    if (!isMixed(group, ({ protocol }) => protocol)) continue;
    const values = { deployment: name, port: String(port), services: namesOf(group) };
    yield finding('IST0116', deployment, values, placeOf(deployment, group));
  }
  for (const [targetPort, group] of groupBy(exposures, (exposure) => exposure.targetPort)) {
    if (!isMixed(group, ({ port }) => port)) continue;
    const ports = [...new Set(group.map(({ port }) => port))].sort((a, b) => a - b).join(', ');
    const values = { deployment: name, targetPort, ports, services: namesOf(group) };
    yield finding('IST0137', deployment, values, placeOf(deployment, group));
  }
}

/** Istio's `deployment.MultiServiceAnalyzer`: Deployments in the mesh, without waypoints. */
export const multiService = defineCheck({
  name: 'deployment.MultiServiceAnalyzer',
  summary: 'Deployments whose port is reached by different protocols or through different Service ports.',
  emits: ['IST0116', 'IST0137'],
  *run({ mesh }) {
    const servicesOf = indexServices(mesh);
    for (const deployment of mesh.of('Deployment')) {
      const isWaypoint = deployment.labels['gateway.istio.io/managed'] === 'istio.io-mesh-controller';
      const template = podTemplateOf(deployment);
      if (isWaypoint || !isWritten(deployment) || !hasSidecar(template, deployment.namespace, mesh)) continue;
      yield* findIn(deployment, exposuresOf(servicesOf(template.labels, deployment.namespace)));
    }
  },
});
