import { resolveShortName } from '../../model/names.ts';
import type { Resource } from '../../model/resource.ts';
import type { TrafficPolicy, VirtualService } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import { spanOf } from '../../yaml/located.ts';
import { type EffectiveRule, indexDestinationRules } from '../compile/destination-rules.ts';
import { readMeshSettings } from '../compile/mesh-settings.ts';
import { indexMutualTls } from '../compile/mutual-tls.ts';
import { hostCovers } from '../compile/names.ts';
import { originOf, Report } from '../compile/report.ts';
import { type MeshService, targetPortOf } from '../compile/services.ts';
import type { PlacedPod } from '../compile/world.ts';
import type { Authorization, MtlsMode } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import type { MeshView } from './mesh-view.ts';

/** An object and where it stands, `FILE:LINE`. */
interface Named {
  readonly name: string;
  readonly namespace: string;
  readonly source?: string;
}

/** The DestinationRule in force for clients in the service's own namespace. */
interface DescribedRule extends Named {
  readonly host: string;
  /** Subsets with pods that are asked about, and those without. */
  readonly subsets: { readonly matching: readonly string[]; readonly others: readonly string[] };
  /** Absent where auto mTLS decides. */
  readonly tlsMode?: string;
  /** What else it sets: `connection pool`, `outlier detection`, ... */
  readonly policies: readonly string[];
}

/** One way of a VirtualService to the service. */
interface DescribedRoute {
  /** Its position among the routes of its kind, and its name if it has one. */
  readonly route: string;
  readonly subset?: string;
  readonly weight: number;
  /** Whether pods that are asked about are behind it. */
  readonly reaches: boolean;
  readonly source?: string;
}

interface DescribedVirtualService extends Named {
  readonly gateways: readonly string[];
  readonly routes: readonly DescribedRoute[];
}

/** A service as the mesh sees it, with what is configured for it. */
export interface DescribedService extends Named {
  readonly host: string;
  readonly ports: readonly {
    readonly name: string;
    readonly number: number;
    readonly protocol: string;
    /** Absent where no pod has the port. */
    readonly targetPort?: number;
  }[];
  readonly pods: readonly string[];
  readonly destinationRule?: DescribedRule;
  readonly virtualServices: readonly DescribedVirtualService[];
}

interface DescribedMode {
  readonly mode: MtlsMode;
  readonly decidedBy?: string;
  readonly source?: string;
}

/** A pod with everything that decides about its traffic. */
export interface DescribedPod extends Named {
  readonly workload: string;
  readonly serviceAccount: string;
  readonly proxy: 'sidecar' | 'gateway' | 'none';
  /** Why it has a proxy, or none. */
  readonly reason: string;
  readonly ports: readonly { readonly port: number; readonly container: string }[];
  readonly services: readonly DescribedService[];
  /** What its sidecar takes; ports that a policy names one by one. Absent without a sidecar. */
  readonly mtls?: DescribedMode & { readonly ports: readonly (DescribedMode & { readonly port: number })[] };
  readonly authorization: readonly { readonly action: string; readonly policy: string; readonly source?: string }[];
}

const nameOf = (resource: Resource, at?: Parameters<typeof originOf>[1]): Named => ({
  name: resource.name,
  namespace: resource.namespace,
  ...sourceOf(originOf(resource, at)),
});

const POLICIES: readonly (readonly [keyof TrafficPolicy, string])[] = [
  ['loadBalancer', 'load balancer'],
  ['connectionPool', 'connection pool'],
  ['outlierDetection', 'outlier detection'],
  ['tunnel', 'tunnel'],
  ['portLevelSettings', 'port level settings'],
];

const describeRule = (rule: EffectiveRule, pods: readonly PlacedPod[]): DescribedRule => {
  const { resource, policy, subsets } = rule;
  const isBehind = (labels: Readonly<Record<string, string>> | undefined): boolean =>
    pods.some(({ pod }) => matchesLabels(labels ?? {}, pod.labels));
  const named = subsets.map(({ subset }) => ({ name: subset.name, isMatching: isBehind(subset.labels) }));
  return {
    ...nameOf(resource),
    host: resource.object.kind === 'DestinationRule' ? (resource.object.spec?.host ?? rule.host) : rule.host,
    subsets: {
      matching: named.flatMap(({ name, isMatching }) => (isMatching ? [name] : [])),
      others: named.flatMap(({ name, isMatching }) => (isMatching ? [] : [name])),
    },
    ...(policy?.tls?.mode !== undefined && { tlsMode: policy.tls.mode }),
    policies: POLICIES.flatMap(([field, words]) => (policy?.[field] === undefined ? [] : [words])),
  };
};

/** The destinations of one route, whatever its protocol. */
interface RouteLike {
  readonly name?: string;
  readonly route?: readonly {
    readonly destination?: { readonly host: string; readonly subset?: string };
    readonly weight?: number;
  }[];
}

const routesTo = (
  resource: Resource<VirtualService>,
  service: MeshService,
  reaches: (subset: string | undefined) => boolean,
): readonly DescribedRoute[] => {
  const { http = [], tls = [], tcp = [] } = resource.object.spec ?? {};
  const describe = (kind: string, routes: readonly RouteLike[]): readonly DescribedRoute[] =>
    routes.flatMap(({ name, route = [] }, at) =>
      route.flatMap(({ destination, weight }) => {
        if (destination === undefined || resolveShortName(destination.host, resource.namespace) !== service.host)
          return [];
        const { subset } = destination;
        const span = spanOf(destination, 'host');
        return [
          {
            route: `${kind}[${at}]${name === undefined ? '' : ` ${name}`}`,
            ...(subset !== undefined && { subset }),
            // A destination alone has all of it, whatever is written.
            weight: route.length === 1 ? 100 : (weight ?? 0),
            reaches: reaches(subset),
            ...(span !== undefined && { source: `${span.file}:${span.line}` }),
          },
        ];
      }),
    );
  return [...describe('http', http), ...describe('tls', tls), ...describe('tcp', tcp)];
};

/** Answers what is configured for services, of a mesh that is indexed once. */
export const createDescriber = (view: MeshView) => {
  const { mesh } = view.world;
  const report = new Report();
  const settings = readMeshSettings(mesh, report);
  const rules = indexDestinationRules(mesh, settings, report);
  const mutualTls = indexMutualTls(mesh, settings.rootNamespace, report);

  const describeService = (service: MeshService, asked: readonly PlacedPod[] = service.pods): DescribedService => {
    const client = { namespace: service.namespace, labels: {}, locality: '', scope: undefined };
    const rule = rules.find(service, client);
    const written = new Map(
      service.source === 'service'
        ? (mesh.find('Service', service.namespace, service.name)?.object.spec?.ports ?? []).map((port) => [
            port.port,
            port,
          ])
        : [],
    );
    const reaches = (subset: string | undefined): boolean => {
      if (subset === undefined) return asked.length > 0;
      const labels = rule?.subsets.find((one) => one.subset.name === subset)?.subset.labels;
      return labels !== undefined && asked.some(({ pod }) => matchesLabels(labels, pod.labels));
    };
    const virtualServices = mesh.of('VirtualService').flatMap((resource) => {
      const routes = routesTo(resource, service, reaches);
      const { hosts = [], gateways = ['mesh'] } = resource.object.spec ?? {};
      const isForHost = hosts.some((host) => hostCovers(resolveShortName(host, resource.namespace), service.host));
      return routes.length === 0 && !isForHost ? [] : [{ ...nameOf(resource), gateways, routes }];
    });
    return {
      ...nameOf(service.resource),
      name: service.name,
      host: service.host,
      ports: service.ports.map(({ number, protocol }) => {
        const port = written.get(number);
        const [first] = asked;
        const targetPort = port === undefined || first === undefined ? undefined : targetPortOf(port, first.pod);
        return { name: port?.name ?? '', number, protocol, ...(targetPort !== undefined && { targetPort }) };
      }),
      pods: service.pods.map(({ pod }) => `${pod.namespace}/${pod.name}`),
      ...(rule !== undefined && { destinationRule: describeRule(rule, asked) }),
      virtualServices,
    };
  };

  const modeAt = (placed: PlacedPod, port: number): DescribedMode => {
    const { mode, origin } = mutualTls.of(placed.pod, port);
    return { mode, ...(origin !== undefined && { decidedBy: origin.resource }), ...sourceOf(origin) };
  };

  const describePod = (placed: PlacedPod): DescribedPod => {
    const { pod } = placed;
    return {
      name: pod.name,
      namespace: pod.namespace,
      ...sourceOf(originOf(pod.owner)),
      workload: pod.workload,
      serviceAccount: pod.serviceAccount,
      proxy: pod.proxyMode,
      reason: pod.sidecar.reason,
      ports: pod.containers.flatMap(({ name, ports }) => ports.map(({ port }) => ({ port, container: name }))),
      services: (view.servicesOfPod.get(placed) ?? []).map((service) => describeService(service, [placed])),
      ...(pod.proxyMode === 'sidecar' && {
        // No port has the number 0: what holds there is what holds for the workload.
        mtls: {
          ...modeAt(placed, 0),
          ports: mutualTls.namedPorts(pod).map((port) => ({ port, ...modeAt(placed, port) })),
        },
      }),
      authorization: pod.proxyMode === 'none' ? [] : policiesOf(view.authorizationOf(pod)),
    };
  };
  return { describeService, describePod };
};

const policiesOf = (authorization: Authorization | undefined): DescribedPod['authorization'] => {
  if (authorization === undefined) return [];
  const { custom, check, deny, allow } = authorization.http;
  const found = [
    ...[...custom, ...(check?.rules ?? [])].map(({ origin }) => ({ action: 'CUSTOM', origin })),
    ...deny.map(({ origin }) => ({ action: 'DENY', origin })),
    ...(allow?.policies ?? []).map((origin) => ({ action: 'ALLOW', origin })),
  ].map(({ action, origin }) => ({ action, policy: origin.resource.replace(/^\S+ /, ''), ...sourceOf(origin) }));
  return [...new Map(found.map((one) => [`${one.action} ${one.policy}`, one])).values()];
};
