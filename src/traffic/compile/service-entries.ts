import { parseCidr } from '../../base/cidr.ts';
import type { Resource } from '../../model/resource.ts';
import type { ServiceEntry, ServiceEntryPort, ServiceEntrySpec } from '../../model/schema/generated/types-istio.ts';
import { declaresTls, selectProtocol } from './protocol.ts';
import type { Report } from './report.ts';
import type { MeshService, MeshServicePort, OutsideEndpoint, PodLookup } from './services.ts';
import type { PlacedPod, World } from './world.ts';

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;
const RANGE = /\/\d+$/;
/** `/32` and `/128` are single addresses. */
const withoutFullMask = (address: string): string => address.replace(address.includes(':') ? /\/128$/ : /\/32$/, '');

/** One service per host of every valid ServiceEntry; of several entries for a host the oldest counts. */
export const buildServiceEntries = (
  world: World,
  podsWith: PodLookup,
  report: Report,
): ReadonlyMap<string, MeshService> => {
  const services = new Map<string, MeshService>();
  for (const resource of world.mesh.of('ServiceEntry')) {
    const spec = resource.object.spec;
    checkServiceEntry(resource, spec, report);
    if (report.isInvalid(resource)) continue;
    for (const written of spec.hosts) {
      const host = written.toLowerCase();
      if (!services.has(host)) services.set(host, toService(world, podsWith, resource, host));
    }
  }
  return services;
};

const checkServiceEntry = (resource: Resource<ServiceEntry>, spec: ServiceEntrySpec, report: Report): void => {
  const resolution = spec.resolution ?? 'NONE';
  for (const [index, host] of spec.hosts.entries()) {
    const isWildcard = host.includes('*');
    if (host === '*' || (isWildcard && !host.startsWith('*.'))) {
      report.invalid(resource, `host "${host}" is not a name`, [spec.hosts, index]);
    } else if (isWildcard && resolution.startsWith('DNS') && (spec.endpoints ?? []).length === 0) {
      report.invalid(resource, `host "${host}" cannot be resolved by DNS without endpoints`, [spec.hosts, index]);
    }
  }
  for (const [index, written] of (spec.addresses ?? []).entries()) {
    if (parseCidr(written) === undefined) {
      report.invalid(resource, `"${written}" is not an address`, [spec.addresses ?? [], index]);
    }
  }
  for (const endpoint of spec.endpoints ?? []) {
    if (resolution === 'NONE') report.invalid(resource, 'endpoints have no meaning with resolution NONE', [endpoint]);
    if (resolution !== 'STATIC' || ADDRESS.test(endpoint.address ?? '')) continue;
    report.invalid(resource, `endpoint address "${endpoint.address}" is not an address`, [endpoint, 'address']);
  }
  const numbers = new Set<number>();
  for (const port of spec.ports ?? []) {
    if (numbers.has(port.number)) report.invalid(resource, `port ${port.number} is defined twice`, [port, 'number']);
    numbers.add(port.number);
  }
  if (resolution === 'DYNAMIC_DNS') {
    report.unsupportedField(resource, 'resolution DYNAMIC_DNS', 'it works as DNS', [spec, 'resolution']);
  }
};

const toService = (world: World, podsWith: PodLookup, resource: Resource<ServiceEntry>, host: string): MeshService => {
  const { spec } = resource.object;
  const written = (spec.addresses ?? []).map(withoutFullMask);
  const addresses = written.filter((address) => !RANGE.test(address));
  const selector = spec.workloadSelector?.labels;
  const pods = selector === undefined ? [] : podsWith(resource.namespace, selector);
  return {
    host,
    name: resource.name,
    namespace: resource.namespace,
    source: 'service-entry',
    address: addresses[0],
    addresses,
    blocks: written.filter((address) => RANGE.test(address)).flatMap((block) => parseCidr(block) ?? []),
    followsClient: (spec.resolution ?? 'NONE') === 'NONE',
    isHeadless: false,
    ports: (spec.ports ?? []).map((port) => toPort(world, spec, host, port, pods)),
    pods,
    aliases: [],
    externalName: undefined,
    identities: spec.subjectAltNames ?? [],
    exportTo: spec.exportTo,
    resource,
  };
};

const toPort = (
  world: World,
  spec: ServiceEntrySpec,
  host: string,
  port: ServiceEntryPort,
  pods: readonly PlacedPod[],
): MeshServicePort => {
  const targetPort = port.targetPort ?? port.number;
  const targets = pods.map((placed) => ({ placed, port: targetPort }));
  const declared = { name: port.protocol ?? port.name, port: port.number };
  return {
    number: port.number,
    protocol: selectProtocol(declared),
    isTls: declaresTls(declared),
    targets,
    endpoints: targets.filter(({ placed }) => placed.ready),
    outside: outsideEndpoints(world, spec, host, port, targetPort),
  };
};

/** With DNS and no endpoints the host itself is the endpoint; names the world does not know are left to the resolver. */
const outsideEndpoints = (
  world: World,
  spec: ServiceEntrySpec,
  host: string,
  port: ServiceEntryPort,
  targetPort: number,
): readonly OutsideEndpoint[] => {
  const resolution = spec.resolution ?? 'NONE';
  if (resolution === 'NONE' || spec.workloadSelector !== undefined) return [];
  const written = spec.endpoints ?? [];
  const endpoints = written.length === 0 && resolution !== 'STATIC' ? [{ address: host }] : written;
  return endpoints.map(({ address = '', ports, labels, weight, locality }) => ({
    address: world.externals.get(address) ?? address,
    port: ports?.[port.name] ?? targetPort,
    labels: labels ?? {},
    weight: weight ?? 1,
    locality: locality ?? '',
  }));
};
