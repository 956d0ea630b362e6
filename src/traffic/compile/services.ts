import type { Cidr } from '../../base/cidr.ts';
import { indexLabelled, type LabelLookup } from '../../model/label-index.ts';
import { serviceFqdn } from '../../model/names.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { Service, ServicePort } from '../../model/schema/generated/types-kubernetes.ts';
import { declaresTls, type PortProtocol, selectProtocol } from './protocol.ts';
import type { PlacedPod, World } from './world.ts';

/** One port of one pod behind a Service. */
export interface ServiceEndpoint {
  readonly placed: PlacedPod;
  /** The pod's own port. */
  readonly port: number;
}

/** An endpoint that is no pod: of a ServiceEntry, or what an ExternalName names. */
export interface OutsideEndpoint {
  /** An address, or a name to resolve when connecting. */
  readonly address: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight: number;
  readonly locality: string;
}

export interface MeshServicePort {
  readonly number: number;
  readonly protocol: PortProtocol;
  /** The connections are TLS of the applications' own, told apart by server names. */
  readonly isTls: boolean;
  /** Every pod the selector finds that has the target port. */
  readonly targets: readonly ServiceEndpoint[];
  /** Those among them that are ready, or all where the Service asks for pods that are not. */
  readonly endpoints: readonly ServiceEndpoint[];
  readonly outside: readonly OutsideEndpoint[];
}

/** A host of the mesh as proxies see it: a Service, or one host of a ServiceEntry. */
export interface MeshService {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
  readonly source: 'service' | 'service-entry';
  /** ClusterIP; undefined when headless. */
  readonly address: string | undefined;
  /** Every virtual address; a Service has at most one. */
  readonly addresses: readonly string[];
  /** Virtual address blocks of a ServiceEntry. */
  readonly blocks: readonly Cidr[];
  /** Sidecars send to the address the client dialled instead of picking an endpoint. */
  readonly followsClient: boolean;
  readonly isHeadless: boolean;
  readonly ports: readonly MeshServicePort[];
  /** Every pod the selector finds, ready or not. */
  readonly pods: readonly PlacedPod[];
  /** Hosts of ExternalName Services that name this one. */
  readonly aliases: readonly { readonly name: string; readonly namespace: string }[];
  /** ExternalName outside the mesh. */
  readonly externalName: string | undefined;
  /** Identities that its endpoints may present besides those of its pods. */
  readonly identities: readonly string[];
  readonly exportTo: readonly string[] | undefined;
  readonly resource: Resource;
}

export type ServiceRegistry = ReadonlyMap<string, MeshService>;

/** The port of a service that has no other, which Istio takes for destinations that name none. */
export const onlyPort = (registry: ServiceRegistry, host: string): number | undefined => {
  const ports = registry.get(host)?.ports;
  return ports?.length === 1 ? ports[0]?.number : undefined;
};

/** Finds the pods of a namespace by labels. */
export type PodLookup = LabelLookup<PlacedPod>;

/** Indexes the pods of a world. */
export const indexPods = (world: World): PodLookup => indexLabelled(world.pods, ({ pod }) => pod);

/** The services that each pod is behind, ready or not, in the registry's order. */
export type ServicesOfPod = ReadonlyMap<PlacedPod, readonly MeshService[]>;

/** Turns a registry round. */
export const indexServicesByPod = (registry: ServiceRegistry): ServicesOfPod => {
  const byPod = new Map<PlacedPod, MeshService[]>();
  for (const service of registry.values()) {
    for (const placed of service.pods) {
      const known = byPod.get(placed);
      if (known === undefined) byPod.set(placed, [service]);
      else known.push(service);
    }
  }
  return byPod;
};

/** Builds the registry from the Services of the input; order is the input's, older first. */
export const buildRegistry = (world: World, podsWith = indexPods(world)): ServiceRegistry => {
  const resources = world.mesh.of('Service');
  const hosts = new Set(resources.map((resource) => serviceFqdn(resource.name, resource.namespace)));
  const aliases = new Map<string, { readonly name: string; readonly namespace: string }[]>();
  const registry = new Map<string, MeshService>();
  for (const resource of resources) {
    const target = resource.object.spec?.type === 'ExternalName' ? resource.object.spec.externalName : undefined;
    if (target === undefined || !hosts.has(target)) continue;
    const known = aliases.get(target) ?? [];
    known.push({ name: resource.name, namespace: resource.namespace });
    aliases.set(target, known);
  }
  for (const resource of resources) {
    const service = toService(world, podsWith, resource, aliases);
    if (service.externalName === undefined || !hosts.has(service.externalName)) registry.set(service.host, service);
  }
  return registry;
};

const toService = (
  world: World,
  podsWith: PodLookup,
  resource: Resource<Service>,
  aliases: ReadonlyMap<string, readonly { readonly name: string; readonly namespace: string }[]>,
): MeshService => {
  const spec = resource.object.spec ?? {};
  const host = serviceFqdn(resource.name, resource.namespace);
  const pods = selectPods(podsWith, resource.namespace, spec.selector);
  const externalName = spec.type === 'ExternalName' ? spec.externalName : undefined;
  const exportTo = resource.annotations['networking.istio.io/exportTo'];
  const address = world.serviceAddress(resource.namespace, resource.name);
  const isHeadless = spec.clusterIP === 'None';
  // A name that the world does not know is left to the resolver of whoever connects.
  const outside = externalName === undefined ? undefined : (world.externals.get(externalName) ?? externalName);
  return {
    host,
    name: resource.name,
    namespace: resource.namespace,
    source: 'service',
    address,
    addresses: address === undefined ? [] : [address],
    blocks: [],
    followsClient: isHeadless,
    isHeadless,
    ports: (spec.ports ?? [])
      .filter((port) => port.protocol === undefined || port.protocol === 'TCP')
      .map((port) => ({
        ...toPort(port, pods, spec.publishNotReadyAddresses === true),
        outside:
          outside === undefined ? [] : [{ address: outside, port: port.port, labels: {}, weight: 1, locality: '' }],
      })),
    pods,
    aliases: aliases.get(host) ?? [],
    externalName,
    identities: [],
    exportTo: exportTo === undefined ? undefined : exportTo.split(',').map((entry) => entry.trim()),
    resource,
  };
};

const toPort = (
  port: ServicePort,
  pods: readonly PlacedPod[],
  publishesAll: boolean,
): Omit<MeshServicePort, 'outside'> => {
  const targets = pods.flatMap((placed) => {
    const target = targetPortOf(port, placed.pod);
    return target === undefined ? [] : [{ placed, port: target }];
  });
  const endpoints = publishesAll ? targets : targets.filter(({ placed }) => placed.ready);
  return { number: port.port, protocol: selectProtocol(port), isTls: declaresTls(port), targets, endpoints };
};

const selectPods = (
  podsWith: PodLookup,
  namespace: string,
  selector: Readonly<Record<string, string>> | undefined,
): readonly PlacedPod[] =>
  selector === undefined || Object.keys(selector).length === 0 ? [] : podsWith(namespace, selector);

/** The pod's port behind a Service's; a named one is looked up in the pod, and a pod without it is no endpoint of the port. */
export const targetPortOf = (port: ServicePort, pod: Pod): number | undefined => {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  for (const container of pod.containers) {
    const named = container.ports.find((candidate) => candidate.name === target);
    if (named !== undefined) return named.port;
  }
  return /^\d+$/.test(target) ? Number(target) : undefined;
};
