import type { Resource } from '../../../model/resource.ts';
import type { Service, ServicePort } from '../../../model/schema/generated/types-kubernetes.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';

/** The name a control plane gives its own cluster unless told otherwise. */
const OWN_CLUSTER = 'Kubernetes';

/** A Service as one of the clusters has it. */
interface Definition {
  readonly cluster: string;
  readonly service: Resource<Service>;
}

const definitionsOf = ({ mesh, clusters = [] }: AnalysisInput): Iterable<readonly Definition[]> => {
  const byName = new Map<string, Definition[]>();
  for (const cluster of [{ name: OWN_CLUSTER, mesh }, ...clusters])
    for (const service of cluster.mesh.of('Service')) {
      const name = `${service.namespace}/${service.name}`;
      const definitions = byName.get(name) ?? [];
      definitions.push({ cluster: cluster.name, service });
      byName.set(name, definitions);
    }
  return byName.values();
};

/** A port with what the API server fills in. */
const settledPort = ({ name = '', port, protocol = 'TCP', targetPort = port, ...rest }: ServicePort): string =>
  JSON.stringify([name, port, protocol, `${targetPort}`, Object.entries(rest).sort()]);

/** What must be the same in all clusters, each with its name in a sentence and as one text to compare. */
const ASPECTS: readonly (readonly [aspect: string, textOf: (service: Resource<Service>) => string])[] = [
  ['one is headless and another is not', ({ object }) => `${object.spec?.clusterIP === 'None'}`],
  ['their types are not the same', ({ object }) => object.spec?.type ?? 'ClusterIP'],
  ['their ports are not the same', ({ object }) => (object.spec?.ports ?? []).map(settledPort).sort().join()],
];

/** Istio's `services.MultiClusterServiceAnalyzer`; one finding a Service, in the first cluster that has it. */
export const multiClusterServices = defineCheck({
  name: 'services.MultiClusterServiceAnalyzer',
  summary: 'Services of one name that clusters of the mesh define differently.',
  emits: ['IST0170'],
  *run(input) {
    for (const [first, ...others] of definitionsOf(input)) {
      if (first === undefined || others.length === 0) continue;
      const differing = (textOf: (service: Resource<Service>) => string): readonly Definition[] =>
        others.filter(({ service }) => textOf(service) !== textOf(first.service));
      const broken = ASPECTS.filter(([, textOf]) => differing(textOf).length > 0);
      if (broken.length === 0) continue;
      const unequal = new Set(broken.flatMap(([, textOf]) => differing(textOf)));
      const { service } = first;
      const values = {
        service: `${service.namespace}/${service.name}`,
        clusters: [first, ...unequal].map(({ cluster }) => cluster).join(', '),
        problem: broken.map(([aspect]) => aspect).join(', '),
      };
      yield finding('IST0170', service, values, {
        labels: [first, ...unequal].map(({ cluster, service: { object, span } }) => ({
          span: spanOf(object, 'spec', 'key') ?? span,
          text: `in cluster ${cluster}`,
        })),
        effect: 'each cluster sends to the endpoints of all of them by its own definition, so that some calls fail',
        hint: 'apply the same Service to every cluster',
      });
    }
  },
});
