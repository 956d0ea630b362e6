import { suggest } from '../../base/distance.ts';
import { matchesLabels } from '../../model/selector.ts';
import { type ClusterNames, clusterNames } from '../cluster-names.ts';
import type { MeshPlan } from '../compile/compile-mesh.ts';
import { indexServicesByPod, type ServiceRegistry, type ServicesOfPod } from '../compile/services.ts';
import type { PlacedPod, World } from '../compile/world.ts';
import type { Unanswerable } from './explanation.ts';
import type { TokenFacts } from './token-stage.ts';

/** A compiled mesh, indexed for questions about single requests. */
export interface MeshView extends Pick<MeshPlan, 'tablesOf' | 'authorizationOf'> {
  readonly world: World;
  readonly registry: ServiceRegistry;
  readonly names: ClusterNames;
  /** By mesh address. */
  readonly pods: ReadonlyMap<string, PlacedPod>;
  /** By workload and by the pod's own name. */
  readonly podsByName: ReadonlyMap<string, readonly PlacedPod[]>;
  readonly servicesOfPod: ServicesOfPod;
  /** Its workloads are meant only by references that name it. */
  readonly ownNamespace: string | undefined;
  /** Absent: no token is believed. */
  readonly tokens?: TokenFacts;
  /** What every authorizer is taken to say; absent = that it allows. */
  readonly authorizers?: 'allow' | 'deny';
}

/** Indexes a world and what is planned of it. */
export const viewMesh = (world: World, plan: MeshPlan, ownNamespace?: string): MeshView => {
  const registry = plan.services;
  return {
    world,
    registry,
    ownNamespace,
    names: clusterNames(world, registry),
    pods: new Map(world.pods.map((placed) => [placed.address, placed])),
    podsByName: indexByName(world.pods),
    servicesOfPod: indexServicesByPod(registry),
    tablesOf: plan.tablesOf,
    authorizationOf: plan.authorizationOf,
  };
};

const indexByName = (pods: readonly PlacedPod[]): MeshView['podsByName'] => {
  const byName = new Map<string, PlacedPod[]>();
  for (const placed of pods) {
    for (const name of new Set([placed.pod.workload, placed.pod.name])) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [placed]);
      else known.push(placed);
    }
  }
  return byName;
};

/** Pods a reference names: `[NAMESPACE/]WORKLOAD`, a pod's own name, or `NAMESPACE/SERVICE-ACCOUNT`. */
const podsNamed = ({ world, podsByName, ownNamespace }: MeshView, reference: string): readonly PlacedPod[] => {
  const [, namespace, name = reference] = /^([^/]+)\/(.+)$/.exec(reference) ?? [];
  const named = (podsByName.get(name) ?? []).filter(({ pod }) =>
    namespace === undefined ? pod.namespace !== ownNamespace : pod.namespace === namespace,
  );
  if (named.length > 0 || namespace === undefined) return named;
  return world.pods.filter(({ pod }) => pod.namespace === namespace && pod.serviceAccount === name);
};

const hintFor = (word: string, known: readonly string[]): string => {
  const near = suggest(word, known);
  if (near !== undefined) return `did you mean ${near}?`;
  return known.length === 0
    ? 'name files that have workloads'
    : `there are ${[...new Set(known)].slice(0, 12).join(', ')}`;
};

/** The pod a request comes from. */
export const findClient = (view: MeshView, reference: string): PlacedPod | Unanswerable => {
  const found = podsNamed(view, reference);
  const [first] = found;
  if (first === undefined) {
    const known = view.world.pods.map(({ pod }) =>
      reference.includes('/') ? `${pod.namespace}/${pod.workload}` : pod.workload,
    );
    const message = `there is no workload "${reference}"`;
    return { code: 'UNKNOWN_WORKLOAD', message, hint: hintFor(reference, known) };
  }
  const other = found.find(({ pod }) => pod.namespace !== first.pod.namespace);
  if (other === undefined) return first;
  return {
    code: 'AMBIGUOUS_CLIENT',
    message: `"${reference}" is a workload of several namespaces`,
    hint: `say --from ${first.pod.namespace}/${reference} or --from ${other.pod.namespace}/${reference}`,
  };
};

/** The pod of a gateway by its workload's name, or by that of a Gateway that selects it. */
export const findGateway = (view: MeshView, reference: string): PlacedPod | Unanswerable => {
  const isGateway = ({ pod }: PlacedPod): boolean => pod.proxyMode === 'gateway';
  const direct = podsNamed(view, reference).find(isGateway) ?? podsNamed(view, `${reference}-istio`).find(isGateway);
  if (direct !== undefined) return direct;
  const gateways = view.world.pods.filter(isGateway);
  const [, namespace, name = reference] = /^([^/]+)\/(.+)$/.exec(reference) ?? [];
  for (const resource of view.world.mesh.of('Gateway')) {
    if (resource.name !== name || (namespace !== undefined && resource.namespace !== namespace)) continue;
    const selected = gateways.find(({ pod }) => matchesLabels(resource.object.spec?.selector ?? {}, pod.labels));
    if (selected !== undefined) return selected;
  }
  const known = [
    ...gateways.map(({ pod }) => pod.workload),
    ...view.world.mesh.of('Gateway').map((gateway) => gateway.name),
  ];
  return { code: 'UNKNOWN_GATEWAY', message: `there is no gateway "${reference}"`, hint: hintFor(reference, known) };
};

/** The pod's own port behind a port of the Service in front of it. */
export const gatewayPort = ({ servicesOfPod }: MeshView, placed: PlacedPod, port: number): number => {
  for (const service of servicesOfPod.get(placed) ?? []) {
    for (const candidate of service.ports) {
      if (candidate.number !== port) continue;
      const target = candidate.targets.find((one) => one.placed === placed)?.port;
      if (target !== undefined) return target;
    }
  }
  return port;
};

/**
 * Where a client of a namespace connects to for a name. Names outside of the cluster are known by their ServiceEntry's
 * addresses or the world's, else by themselves; a name without a dot that nobody has is unknown.
 */
export const resolveName = (view: MeshView, host: string, namespace: string): string | Unanswerable => {
  const [address] = view.names.resolve(host, namespace, (name) => outsideAddress(view, name));
  if (address !== undefined) return address;
  const elsewhere = [...view.registry.values()].find((service) => service.name === host);
  if (elsewhere !== undefined) {
    const message = `no such host "${host}" for a client in namespace ${namespace}`;
    return {
      code: 'UNKNOWN_HOST',
      message,
      hint: `name it ${host}.${elsewhere.namespace}, or say --from a workload of ${elsewhere.namespace}`,
    };
  }
  const known = [...view.registry.values()].flatMap((service) => [service.name, service.host]);
  const near = suggest(host, known);
  return {
    code: 'UNKNOWN_HOST',
    message: `no such host "${host}" for a client in namespace ${namespace}`,
    hint:
      near === undefined
        ? 'name a Service, a host of a ServiceEntry or a name outside of the cluster'
        : `did you mean ${near}?`,
  };
};

const outsideAddress = ({ world }: MeshView, name: string): readonly string[] => {
  const { externals } = world;
  const listed = externals.get(name) ?? externals.get(`*${name.slice(name.indexOf('.'))}`);
  if (listed !== undefined) return [listed];
  const entry = world.mesh.of('ServiceEntry').find(({ object }) => object.spec?.hosts?.includes(name));
  const claimed = entry?.object.spec?.addresses?.[0];
  if (claimed !== undefined) return [claimed];
  const isForeign = name.includes('.') && !name.endsWith('.cluster.local') && externals.size === 0;
  return isForeign ? [name] : [];
};

/** Who answers at an address: behind a Service's own, any of its ready endpoints, as kube-proxy has it. */
export const answeringAt = (
  { registry, pods }: MeshView,
  address: string,
  port: number,
): readonly { readonly address: string; readonly port: number }[] => {
  if (pods.has(address)) return [{ address, port }];
  for (const service of registry.values()) {
    if (!service.addresses.includes(address)) continue;
    const endpoints = service.ports.find((candidate) => candidate.number === port)?.endpoints ?? [];
    if (endpoints.length > 0) return endpoints.map((one) => ({ address: one.placed.address, port: one.port }));
  }
  return [{ address, port }];
};
